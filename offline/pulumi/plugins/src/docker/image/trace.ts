/**
 * BuildKit's progress comes as protobuf in base64. Two of its fields are shown: the names of the steps
 * (`StatusResponse.vertexes[].name`) and what their commands print (`StatusResponse.logs[].msg`).
 * Source: moby/buildkit, api/services/control/control.proto.
 */
const VERTEXES = 1;
const VERTEX_NAME = 3;
const VERTEX_STARTED = 5;
const LOGS = 3;
const LOG_MESSAGE = 4;

/** Lines to show for one trace message; none for a message that is not understood. */
export function traceLines(aux: unknown): string[] {
  if (typeof aux !== "string") return [];
  const message = Buffer.from(aux, "base64");
  const steps = fields(message, VERTEXES)
    .filter((vertex) => fields(vertex, VERTEX_STARTED).length > 0)
    .flatMap((vertex) => fields(vertex, VERTEX_NAME).map(String));
  const logs = fields(message, LOGS)
    .flatMap((log) => fields(log, LOG_MESSAGE).map(String))
    .flatMap((text) => text.split("\n"));
  return [...steps, ...logs].map((line) => line.trim()).filter((line) => line !== "");
}

/** The length-delimited fields of a protobuf message that have this number. */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = varint(message, at);
    const number = Math.floor(tag / 8);
    at = afterTag;
    switch (tag % 8) {
      case 0:
        [, at] = varint(message, at);
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const [length, start] = varint(message, at);
        at = start + length;
        if (number === wanted) found.push(message.subarray(start, at));
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return found; // not protobuf after all
    }
  }
  return found;
}

/** A number and where it ends. Above 2^53 it loses digits, which nothing here needs. */
function varint(message: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  let at = start;
  for (let factor = 1; at < message.length; factor *= 128) {
    const byte = message[at++] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  return [value, at];
}
