import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** One line of what the engine tells while it builds, pulls or pushes. */
export interface ProgressMessage {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  /** Present with `status` while bytes are being moved. */
  readonly progress?: string;
  readonly aux?: unknown;
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
}

/**
 * Reads a progress stream to its end.
 * @param onMessage is told each line that is no error
 * @throws the error that the engine reports in the stream
 */
export async function followProgress(
  stream: Readable,
  onMessage: (message: ProgressMessage) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line.trim() === "") continue;
    const message = JSON.parse(line) as ProgressMessage;
    if (message.error !== undefined) throw new Error(explain(message));
    onMessage(message);
  }
}

function explain({ error, errorDetail }: ProgressMessage): string {
  if (errorDetail?.code === 401) return "authentication is required";
  const text = errorDetail?.message ?? error ?? "unknown error";
  return text === "EOF"
    ? "EOF\n: This error is most likely due to incorrect or mismatched registry credentials. " +
        "Please double check you are using the correct credentials and registry name"
    : text;
}
