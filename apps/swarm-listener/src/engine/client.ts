import { lookup } from "node:dns/promises";
import { get, type IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import type { EngineVersion, SwarmNode, SwarmService, SwarmTask } from "./types";
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

/** The engine took the request and said nothing. */
export class SilenceError extends Error {
  constructor(timeoutMs: number) {
    super(`the engine was silent for ${timeoutMs} ms`);
    this.name = "SilenceError";
  }
}

/** Filters of the engine's API: each key with its allowed values. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** How long things may take, in milliseconds. */
export interface EngineTimes {
  /** To be connected. A machine that is gone does not refuse, it is just silent. */
  readonly connectMs: number;
  /** The engine's silence in an answer; once an event stream has begun, it may be silent for ever. */
  readonly silenceMs: number;
}

const TIMES: EngineTimes = { connectMs: 1_000, silenceMs: 5_000 };

/** After so long without events, TCP asks whether the other side is still there: ten times, a second apart. */
const KEEP_ALIVE_MS = 5_000;

/** One place where an engine answers. */
type Target = { readonly socketPath: string } | { readonly host: string; readonly port: string };

/**
 * The engine's API, to read. There is no way to send anything but GET through this class: the listener
 * works behind a socket proxy that allows no more. A name that stands for several engines (the managers'
 * socket proxies) is asked one after another until one answers.
 */
export class EngineClient {
  private readonly address: Target;
  /** API versions of the engines that have answered. */
  private readonly versions = new Map<string, string>();
  /** When an engine failed last; the one that did longest ago is asked first. */
  private failures = new Map<string, number>();

  /** @param host `unix:///path`, `tcp://host:port` or `http://host:port` */
  constructor(
    host: string,
    private readonly times: EngineTimes = TIMES,
    private readonly resolve: (host: string) => Promise<readonly string[]> = addressesOf,
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

  /** Tasks of these services that are to run. */
  tasks(services: readonly string[], signal?: AbortSignal): Promise<SwarmTask[]> {
    return this.json("/tasks", { service: services, "desired-state": ["running"] }, signal);
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
    const response = await this.request("/events", filters, signal);
    response.socket.setTimeout(0); // nothing may happen for long
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    onOpen();
    response.on("data", onEvent);
    await finished(response);
  }

  private async json<T>(path: string, filters: Filters, signal?: AbortSignal): Promise<T> {
    const response = await this.request(path, filters, signal);
    return JSON.parse(await body(response)) as T;
  }

  /**
   * The answer of the first engine that gives one.
   * @throws what the last one failed with. An engine that is silent ends the search: it may be waiting for the swarm's leader, as the
   * next one would.
   */
  private async request(
    path: string,
    filters: Filters,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const query = `filters=${encodeURIComponent(JSON.stringify(filters))}`;
    let failure: unknown;
    for (const target of await this.targets()) {
      const key = keyOf(target);
      try {
        const version = this.versions.get(key) ?? (await this.negotiate(target, signal));
        this.versions.set(key, version);
        return await this.ask(target, `/v${version}${path}?${query}`, signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        failure = error;
        this.failures.set(key, Date.now());
        // The engine may be replaced by one that speaks other versions.
        this.versions.delete(key);
        if (error instanceof SilenceError) break;
      }
    }
    throw failure;
  }

  /** Where to ask, in order. */
  private async targets(): Promise<Target[]> {
    const { address } = this;
    if ("socketPath" in address) return [address];
    const targets = (await this.resolve(address.host)).map((host) => ({ ...address, host }));
    // Tasks come and go, each with an address of its own: those that are gone are forgotten.
    const known = new Set(targets.map(keyOf));
    for (const key of this.versions.keys()) if (!known.has(key)) this.versions.delete(key);
    for (const key of this.failures.keys()) if (!known.has(key)) this.failures.delete(key);
    const failedAt = (target: Target) => this.failures.get(keyOf(target)) ?? 0;
    return targets.sort((a, b) => failedAt(a) - failedAt(b));
  }

  private async negotiate(target: Target, signal?: AbortSignal): Promise<string> {
    const response = await this.ask(target, "/version", signal);
    return negotiate(JSON.parse(await body(response)) as EngineVersion);
  }

  private async ask(target: Target, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const response = await this.connect(target, path, signal);
    if (response.statusCode === 200) return response;
    throw new EngineError(response.statusCode ?? 0, messageOf(await body(response)));
  }

  private connect(target: Target, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const { connectMs, silenceMs } = this.times;
    return new Promise((resolve, reject) => {
      const options = {
        ...target,
        path,
        signal,
        headers: { Host: "docker" },
        timeout: connectMs,
        agent: false, // a connection of its own: none can have gone stale in a pool
      };
      let connected = false;
      const request = get(options, resolve);
      request.once("socket", (socket) =>
        socket.once("connect", () => {
          connected = true;
          socket.setTimeout(silenceMs);
        }),
      );
      request.once("timeout", () =>
        request.destroy(
          connected
            ? new SilenceError(silenceMs)
            : new Error(`no connection to ${keyOf(target)} within ${connectMs} ms`),
        ),
      );
      // Not once: the end of a connection that was given up may be an error of its own.
      request.on("error", reject);
    });
  }
}

/** All addresses of a name. @throws if it has none */
async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

const keyOf = (target: Target): string =>
  "socketPath" in target ? target.socketPath : `${target.host}:${target.port}`;

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
