import { get } from "node:http";

/** How long the keeper in this container may take to answer. */
const TIMEOUT_MS = 3_000;

/** The status code and the body of an answer of the keeper in this container. */
export function ask(path: string): Promise<{ readonly code: number; readonly body: string }> {
  const port = Number(process.env["PORT"] ?? 8080);
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on("error", reject);
  });
}
