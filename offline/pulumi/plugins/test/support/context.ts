import type { Context } from "../../src/protocol/provider";

/** A context that records what it is told. */
export interface RecordingContext extends Context {
  readonly statuses: string[];
  readonly logs: string[];
  readonly abort: AbortController;
}

export function contextFor(type: string, name = "x"): RecordingContext {
  const abort = new AbortController();
  const statuses: string[] = [];
  const logs: string[] = [];
  return {
    urn: `urn:pulumi:dev::test::${type}::${name}`,
    type,
    name,
    preview: false,
    abort,
    signal: abort.signal,
    statuses,
    logs,
    log: (message) => void logs.push(message),
    status: (message) => void statuses.push(message),
  };
}
