import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { isMissing } from "./files";
import { type Log, reason } from "./log";

/** Where a CA asks (RFC 8555, 8.3). */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** base64url, as tokens are (RFC 8555, 8.3): nothing that could lead out of the folder. */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;

/** Answers what the CA asks: the files that certbot puts in its webroot, and our own probes; nothing else. */
export class ChallengeServer {
  readonly server: Server;
  private readonly offered = new Map<string, string>();

  constructor(
    private readonly webroot: string,
    private readonly log: Log,
  ) {
    this.server = createServer((request, response) => {
      request.resume();
      const path = request.url?.split("?", 1)[0] ?? "";
      const token = path.startsWith(CHALLENGE_PATH) ? path.slice(CHALLENGE_PATH.length) : "";
      if ((request.method !== "GET" && request.method !== "HEAD") || !TOKEN.test(token)) {
        return answer(response, 404, "not found\n");
      }
      this.find(token).then(
        (text) =>
          text === undefined ? answer(response, 404, "not found\n") : answer(response, 200, text),
        (error: unknown) => {
          this.log.error("a challenge cannot be read", { reason: reason(error) });
          answer(response, 500, "internal error\n");
        },
      );
    });
  }

  /** Has `token` answered with `content` until it is withdrawn. */
  offer(token: string, content: string): void {
    this.offered.set(token, content);
  }

  withdraw(token: string): void {
    this.offered.delete(token);
  }

  private async find(token: string): Promise<string | undefined> {
    const offered = this.offered.get(token);
    if (offered !== undefined) return offered;
    try {
      return await readFile(join(this.webroot, CHALLENGE_PATH, token), "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  const type = status === 200 ? "application/octet-stream" : "text/plain; charset=utf-8";
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
  });
  response.end(text);
}
