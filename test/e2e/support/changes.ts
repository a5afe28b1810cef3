/** What a run of Pulumi did or would do, from its event log. */
import { readFileSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** One resource that did not stay as it was. */
export interface Change {
  /** `update`, `create`, `delete`, `replace` … */
  readonly op: string;
  readonly type: string;
  /** The resource's own name, the last part of its URN. */
  readonly name: string;
}

/** Operations that change nothing. */
const QUIET = new Set(["same", "read", "refresh", "read-replacement", "discard-replaced"]);

export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

export function readEvents(file: string): EngineEvent[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
}

/**
 * The changes in an event log, sorted. With `planned`, those that were announced, as a preview does;
 * else those that were carried out.
 */
export function changesIn(events: readonly EngineEvent[], planned: boolean): Change[] {
  const steps = events
    .map((event) => event.resourcePreEvent)
    .filter((step) => step !== undefined)
    .filter((step) => (step.planning ?? false) === planned && !QUIET.has(step.metadata.op));
  const unique = new Map(
    steps.map(({ metadata: { op, type, urn } }) => [
      `${nameOf(urn)} ${op}`,
      { op: op, type, name: nameOf(urn) },
    ]),
  );
  return [...unique.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The changes that the summary counts, such as `{ update: 2 }`: those of a refresh are only there.
 * @throws when the log has no summary: nothing was looked at.
 */
export function summaryOf(events: readonly EngineEvent[]): Record<string, number> {
  const summary = events.map((event) => event.summaryEvent).findLast((s) => s !== undefined);
  if (!summary) throw new Error("the event log ends without a summary");
  const counts = Object.entries(summary.resourceChanges as Record<string, number>);
  return Object.fromEntries(counts.filter(([op]) => !QUIET.has(op)));
}
