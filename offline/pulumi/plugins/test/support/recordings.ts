import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Json, MethodName } from "./protocol";

/** One recorded call between the engine and a real plugin. */
export interface RecordedCall {
  readonly method: MethodName;
  readonly plugin: "docker" | "command";
  readonly request: Json;
  /** The resource's type and name; empty for calls about none. */
  readonly type: string;
  readonly name: string;
  readonly response?: Json;
  /** A gRPC error's message. */
  readonly error?: string;
}

const DIRECTORY = join(__dirname, "../fixtures/recordings");

/** Names of the recordings, in the order in which they were made. */
export const RECORDINGS = readdirSync(DIRECTORY)
  .map((file) => file.replace(/\.jsonl$/, ""))
  .sort();

/** Reads a recording, but for Cancel: a canceled plugin does nothing any more, and there is more to replay. */
export function readRecording(name: string): RecordedCall[] {
  return readFileSync(join(DIRECTORY, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .filter((line) => !line.includes('"ResourceProvider/Cancel"'))
    .map((line) => {
      const call = JSON.parse(line) as {
        method: string;
        plugin: RecordedCall["plugin"];
        request: Json & { type?: string; name?: string };
        response?: Json | null;
        errors?: string[];
      };
      return {
        method: call.method.split("/")[1] as MethodName,
        plugin: call.plugin,
        request: call.request,
        type: call.request.type ?? "",
        name: call.request.name ?? "",
        response: call.response ? sortedDiffs(call.response) : undefined,
        error: call.errors?.[0]?.replace(/^rpc error: code = \w+ desc = /, ""),
      };
    });
}

/** The real command plugin lists what differs in any order. */
function sortedDiffs(response: Json): Json {
  return Array.isArray(response.diffs)
    ? { ...response, diffs: (response.diffs as string[]).toSorted() }
    : response;
}
