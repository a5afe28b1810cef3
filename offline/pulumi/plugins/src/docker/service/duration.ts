import type { Value } from "../../protocol/values";
import { textOf } from "../../protocol/values";

/** Nanoseconds in each unit of Go's notation. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g;
const WHOLE = /^(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/;

/** A duration in Go's notation ("1m30s") → nanoseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount = "0", unit = "ns"] of text.matchAll(PART)) {
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  return Math.round(total);
}

/** Nanoseconds → Go's notation, without the zero parts at its end ("1h", not "1h0m0s"). */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e9) {
    const unit = nanoseconds < 1e3 ? "ns" : nanoseconds < 1e6 ? "µs" : "ms";
    return `${nanoseconds / (UNITS[unit] ?? 1)}${unit}`;
  }
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  const parts = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes}m` : ""];
  return parts.join("") + (seconds > 0 ? `${seconds}s` : "");
}

/** Why a value is no duration. */
export function refuseNonDuration(value: Value): string | undefined {
  const valid = typeof value === "string" && parseDuration(value) !== undefined;
  return valid ? undefined : `'${textOf(value)}' is not a valid duration`;
}

/** Whether two texts say the same duration. */
export function sameDuration(a: string, b: string): boolean {
  return parseDuration(a) === parseDuration(b);
}
