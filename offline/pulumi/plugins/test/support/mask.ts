import type { Json } from "./protocol";

/** What truly varies from run to run, and only that: pattern → what stands for it. */
const VARYING: readonly (readonly [pattern: RegExp, mask: string])[] = [
  // Names made up by Check, seven digits; ids made up by the command plugin, eight.
  [/^(secret|config|agent|everywhere)-[0-9a-f]{7}$/, "$1-<digits>"],
  [/^(token|local|remote|host|)[0-9a-f]{8}$/, "$1<digits>"],
  // Addresses that the engine picks for networks.
  [/^10\.0\.\d+\.(\d+(?:\/\d+)?)$/, "10.0.<n>.$1"],
  [/^4\d{3}$/, "<vxlan>"],
  // The id of an image that was built then or now.
  [/sha256:[0-9a-f]{64}/g, "sha256:<digest>"],
  // The host's own name, printed by a command on it.
  [/^[^\n]+\n(s3cret-canary)$/, "<hostname>\n$1"],
];

/** Puts a mask over what varies. */
export function mask<T>(value: T): T {
  return maskAny(value) as T;
}

function maskAny(value: unknown): unknown {
  if (typeof value === "string") {
    return VARYING.reduce((text, [pattern, to]) => text.replace(pattern, to), value);
  }
  if (Array.isArray(value)) return value.map(maskAny);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Json).map(([key, item]) => [key, maskAny(item)]),
  );
}
