/** Where a line comes from. */
export interface Origin {
  readonly node: string;
  readonly container: string;
  /** Of its first byte, in its file. */
  readonly offset: number;
}

const SERVICE = "com.docker.swarm.service.name";
const TASK = "com.docker.swarm.task.name";

type Fields = Readonly<Record<string, unknown>>;

/**
 * What the engine wrote of a line of output, as a line for Logstash. Its id is the same whenever it is read: a file that was rotated
 * begins again with the offset 0, but not with the same time.
 * @param text a line of a json-file log, https://docs.docker.com/engine/logging/drivers/json-file/
 */
export function toLine(text: string, { node, container, offset }: Origin): string {
  const entry = objectOf(text);
  if (typeof entry?.["log"] !== "string" || typeof entry["time"] !== "string") {
    // Half of one, after a crash of the machine.
    const fields = {
      message: text,
      tags: ["_jsonparsefailure"],
      event_id: `${container}-${offset}`,
    };
    return JSON.stringify({ ...fields, container, node });
  }
  const { log, time, stream } = entry as { log: string; time: string; stream?: unknown };
  const attributes = (entry["attrs"] ?? {}) as Fields;
  return JSON.stringify({
    event_id: `${container}-${time}-${offset}`,
    timestamp: time,
    // Services that write JSON have their own fields, and those of the logger an id of their own.
    ...(objectOf(log) ?? { message: log.replace(/\n$/, "") }),
    ...{ stream, container, node },
    ...(attributes[SERVICE] === undefined ? {} : { service: attributes[SERVICE] }),
    ...(attributes[TASK] === undefined ? {} : { task: attributes[TASK] }),
  });
}

function objectOf(text: string): Fields | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return undefined;
  }
}
