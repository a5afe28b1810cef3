import { request } from "node:http";

export interface Call {
  readonly method?: string;
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 5_000;
const LARGEST_BODY = 4 * 1024 * 1024;

/**
 * One HTTP request on a connection of its own.
 * @throws Error without an answer within 5 seconds, or with one larger than 4 MiB
 */
export function send(call: Call): Promise<Reply> {
  const { method = "GET", host, port, path, headers = {}, body } = call;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const options = { method, host, port, path, headers, agent: false, signal };
    const fail = (error: Error): void =>
      reject(signal.aborted ? new Error(`no answer within ${TIMEOUT_MS} ms`) : error);
    const outgoing = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > LARGEST_BODY) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}
