import { connect } from "node:net";

/**
 * Sends one command to the socket of HAProxy's master process and returns its answer.
 * @throws Error when the socket is not there or does not answer in time
 */
export function ask(socketPath: string, command: string, timeoutMs = 10_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    // Half-closing after the command makes HAProxy close after the answer.
    const socket = connect({ path: socketPath, allowHalfOpen: true }, () =>
      socket.end(`${command}\n`),
    );
    const timer = setTimeout(() => {
      socket.destroy(new Error(`HAProxy did not answer "${command}" in ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on("end", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString("utf8").trim());
    });
  });
}

/** The process id of the worker that accepts connections, out of the answer to `show proc`. */
export function currentWorker(showProc: string): number | undefined {
  const [current = ""] = showProc.split("# old workers");
  const worker = current
    .split("\n")
    .map((line) => /^(\d+)\s+worker\s/.exec(line)?.[1])
    .find((pid) => pid !== undefined);
  return worker === undefined ? undefined : Number(worker);
}

/** Leaves out the slots without an address, each of which HAProxy would warn about. */
export function occupiedSlots(showServersState: string): string {
  const lines = showServersState
    .split("\n")
    .filter((line) => !/^\d+ \S+ \d+ \S+ - /.test(line) && line !== "");
  return `${lines.join("\n")}\n`;
}
