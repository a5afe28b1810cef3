import { request as httpRequest } from "node:http";

/** What is sent, and how long it may take. */
export interface Sent {
  /** Makes it a PUT. */
  readonly body?: string | undefined;
  /** Milliseconds until there must be a connection. */
  readonly connectMs: number;
  /** Milliseconds until there must be an answer, the connection included. */
  readonly answerMs: number;
}

/** Nothing took the connection. */
export class Unreachable extends Error {}

/**
 * Sends one request on a connection of its own; answers the status.
 * @throws Unreachable without a connection, Error when it breaks or the answer does not come in time
 */
export function statusOf(url: string, { body, connectMs, answerMs }: Sent): Promise<number> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const request = httpRequest(url, { method: body === undefined ? "GET" : "PUT", agent: false });
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection in ${connectMs} ms`)),
      connectMs,
    );
    const answering = setTimeout(
      () => request.destroy(new Error(`no answer in ${answerMs} ms`)),
      answerMs,
    );
    request.once("socket", (socket) =>
      socket.once("connect", () => {
        connected = true;
        clearTimeout(connecting);
      }),
    );
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    // Not once: the end of a connection that was given up may be an error of its own.
    request.on("error", (error) =>
      reject(connected ? error : new Unreachable(error.message, { cause: error })),
    );
    request.once("close", () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    });
    request.end(body);
  });
}
