import type { Status } from "./keeper";

/** A status older than this is of a keeper that is busy, or stuck. */
const FRESH_MS = 60_000;

/**
 * Why what is waited for is not so yet, or undefined when it is.
 * @param what `settled` with the wanted members and users, or `calm` with a host
 * @param now milliseconds since the epoch
 */
export function objection(
  status: Status,
  what: string,
  details: readonly string[],
  now: number,
): string | undefined {
  const why = `${status.state}: ${status.reason}`;
  if (now - Date.parse(status.at) > FRESH_MS)
    return `the keeper last looked at ${status.at} (${why})`;
  const [first = "", second = ""] = details;
  if (what === "calm") {
    // Restarting what does not work costs nothing, and may be what mends it.
    const state = status.members.find(({ host }) => host === first)?.state;
    const works = state === "PRIMARY" || state === "SECONDARY" || state === "stand-in";
    const hasLooked = status.state !== "starting" && status.state !== "failing";
    return status.calm || (hasLooked && !works) ? undefined : why;
  }
  if (what !== "settled") return `nobody can wait for "${what}"`;
  if (!same(status.wanted, first)) return "the keeper has not been told of the members yet";
  return status.settled && same(status.users, second) ? undefined : why;
}

const same = (list: readonly string[], text: string): boolean =>
  [...list].sort().join() ===
  text
    .split(",")
    .filter((part) => part !== "")
    .sort()
    .join();
