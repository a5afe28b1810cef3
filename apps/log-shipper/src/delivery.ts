import { connect } from "node:net";

/**
 * Delivers lines over one connection: resolves when the server has read them. Plain TCP has one acknowledgement to give: a server that
 * closes its side after we have closed ours has read all that was written.
 * @param patienceMs how long the server may be silent
 * @throws Error when the connection ends in any other way: the lines may have arrived, or not
 */
export function deliver(
  { host, port }: { readonly host: string; readonly port: number },
  lines: Buffer,
  patienceMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    let isFinished = false;
    socket.setTimeout(patienceMs, () => socket.destroy(new Error("no answer in time")));
    socket.once("connect", () => {
      socket.write(lines, () => {
        // Two turns of the event loop are one look at the socket at least: a server that has closed its side before is heard then.
        setImmediate(() => setImmediate(() => socket.end(() => (isFinished = true))));
      });
    });
    socket.once("end", () => {
      if (isFinished) resolve();
      else reject(new Error("closed by the server"));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    // A server that says something must not hide that it ends.
    socket.resume();
  });
}
