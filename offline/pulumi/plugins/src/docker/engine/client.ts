import * as http from "node:http";
import * as https from "node:https";
import type { Readable } from "node:stream";
import type { Endpoint } from "./endpoint";
import { CommandAgent } from "./sshAgent";

/** The engine's answer to a request that it refused. */
export class EngineError extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(`Error response from daemon: ${message}`);
    this.name = "EngineError";
  }
}

/** Whether the engine said that there is no such thing: the only proof that something is gone. */
export function isNotFound(error: unknown): error is EngineError {
  return error instanceof EngineError && error.statusCode === 404;
}

export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE" | "HEAD";
  /** Path under the API's root, such as `/services/create`. */
  readonly path: string;
  /** Query parameters; objects and arrays are sent as JSON, absent ones not at all. */
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or, for a stream, as it is. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * A client of the Docker Engine API, on Node's own HTTP.
 * dockerode would do, but it lets DOCKER_HOST and its like decide, and cannot be put into one file.
 */
export class EngineClient {
  private readonly options: http.RequestOptions;
  private readonly send: typeof http.request;

  constructor(endpoint: Endpoint) {
    this.send = endpoint.kind === "tcp" && endpoint.tls ? https.request : http.request;
    this.options = requestOptions(endpoint);
  }

  /** Sends a request and reads a JSON answer; empty answers are undefined. */
  async json<T>(request: EngineRequest): Promise<T> {
    const text = await readAll(await this.stream(request));
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /**
   * Sends a request and gives the answer's body as it comes.
   * @throws {EngineError} for a status of 400 or more
   */
  async stream(request: EngineRequest): Promise<Readable> {
    const response = await this.respond(request);
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const text = await readAll(response);
    throw new EngineError(status, messageOf(text) || `status ${status}`);
  }

  private respond({ method, path, query, headers, body, signal }: EngineRequest) {
    return new Promise<http.IncomingMessage>((resolve, reject) => {
      const isStream = isReadable(body);
      const payload = body === undefined || isStream ? undefined : JSON.stringify(body);
      const request = this.send(
        {
          ...this.options,
          method,
          path: path + queryString(query),
          headers: {
            ...headers,
            ...(payload === undefined ? {} : { "Content-Type": "application/json" }),
            ...(isStream ? { "Content-Type": "application/x-tar" } : {}),
            ...(payload === undefined ? {} : { "Content-Length": Buffer.byteLength(payload) }),
          },
          signal,
        },
        resolve,
      );
      // An abort shows as a bare AbortError; its reason says what happened. The connection's end may be a second error.
      request.on("error", (error) => reject(signal?.aborted ? (signal.reason as Error) : error));
      if (isStream) {
        body.once("error", (error) => request.destroy(error));
        body.pipe(request);
      } else {
        request.end(payload);
      }
    });
  }
}

/** One connection for each request, as the real plugin has it: a kept one may be closed by what is between just when it is used. */
function requestOptions(endpoint: Endpoint): http.RequestOptions {
  switch (endpoint.kind) {
    case "unix":
      return { socketPath: endpoint.path, host: "docker", agent: false };
    case "tcp":
      return { host: endpoint.host, port: endpoint.port, agent: false, ...endpoint.tls };
    case "ssh":
      return { agent: new CommandAgent(endpoint.command), host: "docker" };
  }
}

function isReadable(body: unknown): body is Readable {
  return typeof body === "object" && body !== null && "pipe" in body;
}

function queryString(query: EngineRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    parameters.set(key, typeof value === "string" ? value : JSON.stringify(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function messageOf(text: string): string {
  try {
    const body = JSON.parse(text) as { message?: string };
    return body.message ?? text;
  } catch {
    return text;
  }
}
