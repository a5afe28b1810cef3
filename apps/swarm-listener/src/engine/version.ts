import type { EngineVersion } from "./types";

/** The API versions whose `/services`, `/nodes` and `/events` are known to be what we read. */
const OLDEST = "1.40";
const NEWEST = "1.52";

/**
 * The version to speak with an engine: its own or, if that is newer than what we know, ours.
 * @throws if engine and listener have none in common
 */
export function negotiate({ Version, ApiVersion, MinAPIVersion }: EngineVersion): string {
  if (compare(ApiVersion, OLDEST) < 0) {
    throw new Error(
      `engine ${Version} speaks API ${ApiVersion}, ${OLDEST} is needed: update the engine`,
    );
  }
  if (compare(ApiVersion, NEWEST) <= 0) return ApiVersion;
  if (MinAPIVersion !== undefined && compare(MinAPIVersion, NEWEST) > 0) {
    throw new Error(
      `engine ${Version} needs API ${MinAPIVersion}, ${NEWEST} is known: update the listener`,
    );
  }
  return NEWEST;
}

function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
