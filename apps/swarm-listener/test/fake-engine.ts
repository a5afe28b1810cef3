import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SwarmNode, SwarmService, SwarmTask } from "../src/engine/types";

type Labels = Record<string, string>;

/** Speaks what the listener uses of the engine's API, over a unix socket or TCP. */
export class FakeEngine {
  readonly directory = mkdtempSync(path.join(tmpdir(), "engine-"));
  readonly socket = path.join(this.directory, "docker.sock");
  readonly host = `unix://${this.socket}`;
  /** Method and path of every request. */
  readonly requests: string[] = [];
  readonly services = new Map<string, SwarmService>();
  nodes: SwarmNode[] = [];
  tasks: SwarmTask[] = [];
  version: { Version: string; ApiVersion: string; MinAPIVersion: string } = {
    Version: "28.2.2",
    ApiVersion: "1.50",
    MinAPIVersion: "1.24",
  };
  /** What every request but `/version` is answered instead, for example 503. */
  failure: number | undefined;
  /** Whether changes are told; if not, they are missed events. */
  telling = true;
  /** Open event streams, each with the types of what it wants to hear of. */
  private readonly streams = new Map<ServerResponse, readonly string[]>();
  private server: Server | undefined;
  private sequence = 0;

  async start(): Promise<void> {
    const server = createServer((req, res) => this.answer(req, res));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  /** Answers on a TCP port instead; which one, if it is 0. */
  async startTcp(port: number, host: string): Promise<number> {
    const server = createServer((req, res) => this.answer(req, res));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** How many event streams are open. */
  get following(): number {
    return this.streams.size;
  }

  /** Cuts the event streams, rudely or as an engine that stops. */
  cutEvents(rudely: boolean): void {
    for (const stream of this.streams.keys()) {
      if (rudely) stream.destroy();
      else stream.end();
    }
  }

  /** A service with `com.df.notify=true` and these labels below `com.df.`; again: its update. */
  set(name: string, labels: Labels = {}, spec: Partial<SwarmService["Spec"]> = {}): SwarmService {
    const own = Object.entries(labels).map(([label, value]) => [`com.df.${label}`, value]);
    return this.put({
      Name: name,
      Labels: { "com.df.notify": "true", ...(Object.fromEntries(own) as Labels) },
      Mode: { Replicated: { Replicas: 1 } },
      ...spec,
    });
  }

  put(spec: SwarmService["Spec"], id = `id-${spec.Name}`): SwarmService {
    const old = this.services.get(id);
    const sequence = String(this.sequence++).padStart(6, "0");
    const CreatedAt = old?.CreatedAt ?? `2026-01-01T00:00:00.${sequence}Z`;
    const service = { ID: id, CreatedAt, Spec: spec };
    this.services.set(id, service);
    this.tell("service", old ? "update" : "create", service.ID, spec.Name);
    return service;
  }

  delete(name: string): void {
    const service = this.services.get(`id-${name}`);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    this.services.delete(service.ID);
    this.tell("service", "remove", service.ID, name);
  }

  /** These are the nodes now. */
  setNodes(...nodes: SwarmNode[]): void {
    this.nodes = nodes;
    this.tell("node", "update", "n1", "manager-1");
  }

  private tell(Type: string, Action: string, ID: string, name: string): void {
    if (!this.telling) return;
    const event = JSON.stringify({ Type, Action, Actor: { ID, Attributes: { name } } });
    for (const [stream, types] of this.streams)
      if (types.includes(Type)) stream.write(`${event}\n`);
  }

  private answer(req: IncomingMessage, res: ServerResponse): void {
    const url = new URL(req.url ?? "", "http://docker");
    this.requests.push(`${req.method} ${url.pathname}`);
    const send = (status: number, value: unknown) =>
      res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));

    if (url.pathname === "/version") return void send(200, this.version);
    if (this.failure !== undefined) return void send(this.failure, { message: "no leader" });
    const filters = JSON.parse(url.searchParams.get("filters") ?? "{}") as {
      label?: string[];
      type?: string[];
      service?: string[];
      "desired-state"?: string[];
    };
    const [, minor = "", what = ""] = /^\/v1\.(\d+)\/(\w+)$/.exec(url.pathname) ?? [];
    if (Number(minor) > Number(this.version.ApiVersion.slice(2))) {
      return void send(400, { message: `client version 1.${minor} is too new` });
    }
    switch (what) {
      case "services":
        return void send(
          200,
          [...this.services.values()].filter(({ Spec }) =>
            filters.label?.every((label) => label in (Spec.Labels ?? {})),
          ),
        );
      case "nodes":
        return void send(200, this.nodes);
      case "tasks":
        if (filters["desired-state"]?.join() !== "running") return void send(400, {});
        return void send(
          200,
          this.tasks.filter(({ ServiceID }) => filters.service?.includes(ServiceID)),
        );
      case "events":
        res.writeHead(200, { "Content-Type": "application/json" });
        res.flushHeaders();
        this.streams.set(res, filters.type ?? []);
        res.once("close", () => this.streams.delete(res));
        return;
      default:
        return void send(404, { message: "page not found" });
    }
  }
}
