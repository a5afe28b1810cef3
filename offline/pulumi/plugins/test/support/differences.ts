/**
 * Compares two JSON values.
 * @returns one line for each place where they differ: `path: real → ours`
 */
export function differences(real: unknown, ours: unknown, path = ""): string[] {
  if (isObject(real) && isObject(ours)) {
    const keys = [...new Set([...Object.keys(real), ...Object.keys(ours)])].sort();
    return keys.flatMap((key) =>
      differences(real[key], ours[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(real) && Array.isArray(ours) && real.length === ours.length) {
    return real.flatMap((item, index) => differences(item, ours[index], `${path}[${index}]`));
  }
  if (show(real) === show(ours)) return [];
  return [`${path}: ${show(real)} → ${show(ours)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "absent";
}
