import type { DiffKind } from "../protocol/provider";

/**
 * Takes away what the program's `ignoreChanges` covers. There the engine hands in the old inputs again, but the
 * state may well say something else.
 * @param ignored property paths; `*` stands for any one segment
 */
export function withoutIgnored(
  detailed: Readonly<Record<string, DiffKind>>,
  ignored: readonly string[],
): Record<string, DiffKind> {
  const patterns = ignored.map(segments);
  const kept = Object.entries(detailed).filter(
    ([path]) => !patterns.some((pattern) => covers(pattern, segments(path))),
  );
  return Object.fromEntries(kept);
}

function covers(pattern: readonly string[], path: readonly string[]): boolean {
  return (
    pattern.length <= path.length &&
    pattern.every((segment, index) => segment === "*" || segment === path[index])
  );
}

/** `a.b[0]["c.d"]` → a, b, 0, c.d */
function segments(path: string): string[] {
  const parts = path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[]+)/g);
  return [...parts].map(([, quoted, index, name]) => quoted ?? index ?? name ?? "");
}
