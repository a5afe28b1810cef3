import { get, type IncomingMessage, type RequestOptions } from "node:http";
import { finished } from "node:stream/promises";
import type { EngineVersion, SwarmNode, SwarmService } from "./types";
import { negotiate } from "./version";

/** The engine answered, but not with what was asked for. */
export class EngineError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(`the engine answered ${status}: ${message}`);
    this.name = "EngineError";
  }
}

/** Filters of the engine's API: each key with its allowed values. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** How long the engine may be silent; once an event stream has begun, for ever. */
const TIMEOUT_MS = 30_000;

/**
 * The engine's API, to read. There is no way to send anything but GET through this class: the
 * listener works behind a socket proxy that allows no more.
 */
export class EngineClient {
  private readonly address: RequestOptions;
  private apiVersion: Promise<string> | undefined;

  /** @param host `unix:///path`, `tcp://host:port` or `http://host:port` */
  constructor(
    host: string,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    const { protocol, pathname, hostname, port } = new URL(host);
    this.address =
      protocol === "unix:"
        ? { socketPath: decodeURIComponent(pathname) }
        : { host: hostname, port };
  }

  /** Services that have the label, with whatever value. */
  services(label: string, signal?: AbortSignal): Promise<SwarmService[]> {
    return this.json("/services", { label: [label] }, signal);
  }

  /** All nodes of the swarm. */
  nodes(signal?: AbortSignal): Promise<SwarmNode[]> {
    return this.json("/nodes", {}, signal);
  }

  /**
   * Calls `onOpen` when the engine begins to tell its events, and `onEvent` whenever it tells some,
   * until it ends them.
   * @throws if the connection cannot be made, is lost or is aborted
   */
  async events(
    filters: Filters,
    { onOpen, onEvent }: { onOpen: () => void; onEvent: () => void },
    signal: AbortSignal,
  ): Promise<void> {
    const response = await this.request(await this.path("/events", filters), signal);
    response.socket.setTimeout(0); // nothing may happen for long
    onOpen();
    response.on("data", onEvent);
    await finished(response);
  }

  private async json<T>(path: string, filters: Filters, signal?: AbortSignal): Promise<T> {
    const response = await this.request(await this.path(path, filters), signal);
    return JSON.parse(await body(response)) as T;
  }

  private async path(path: string, filters: Filters): Promise<string> {
    this.apiVersion ??= this.negotiate();
    const query = encodeURIComponent(JSON.stringify(filters));
    return `/v${await this.apiVersion}${path}?filters=${query}`;
  }

  private async negotiate(): Promise<string> {
    try {
      const response = await this.request("/version");
      return negotiate(JSON.parse(await body(response)) as EngineVersion);
    } catch (error) {
      this.apiVersion = undefined;
      throw error;
    }
  }

  private async request(path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const response = await this.connect(path, signal);
    if (response.statusCode === 200) return response;
    // The engine may have been replaced by one that speaks other versions.
    this.apiVersion = undefined;
    throw new EngineError(response.statusCode ?? 0, messageOf(await body(response)));
  }

  private connect(path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = {
        ...this.address,
        path,
        signal,
        headers: { Host: "docker" },
        timeout: this.timeoutMs,
        agent: false, // a connection of its own: none can have gone stale in a pool
      };
      const request = get(options, resolve);
      request.once("timeout", () =>
        request.destroy(new Error(`the engine was silent for ${this.timeoutMs} ms`)),
      );
      request.once("error", (error) => {
        this.apiVersion = undefined;
        reject(error);
      });
    });
  }
}

async function body(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
