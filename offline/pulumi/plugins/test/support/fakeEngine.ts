import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type {
  DataObject,
  ImageInspect,
  IpamConfig,
  NetworkInspect,
  ServiceSpec,
  VolumeInspect,
} from "../../src/docker/engine/types";
import { FakeSwarm } from "./fakeSwarm";

/** A request as a route sees it. */
interface Call {
  /** What the route's pattern caught. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A Docker engine and swarm manager in the test's own process: the routes that the plugin uses, with state.
 * Ids and digests are those that the test hands out, so that later recorded requests find their things again.
 */
export class FakeEngine {
  /** Ids for what is created next; made up once there are none left. */
  readonly ids: string[] = [];
  /** Digest of the next image that is pushed. */
  digest = "";
  /** While true, swarm objects cannot be read. */
  leaderless = false;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[] = [];
  /** Names of the files in the last build context, and that build's query. */
  build: { query: URLSearchParams; context: Buffer } | undefined;
  /** Headers of the last request to each path. */
  readonly headers = new Map<string, IncomingMessage["headers"]>();
  readonly swarm = new FakeSwarm((image) => !image.includes("no-such"));
  readonly networks = new Map<string, NetworkInspect>();
  /** Ids of networks that have containers. */
  readonly busyNetworks = new Set<string>();
  private readonly volumes = new Map<string, VolumeInspect>();
  private readonly data = new Map<string, DataObject>();
  private readonly images = new Map<string, ImageInspect>();
  private readonly server: Server;
  private made = 0;

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  /** @returns the address, as the provider's `host` */
  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `tcp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://engine");
    const path = decodeURIComponent(url.pathname);
    this.requests.push(`${request.method} ${path}`);
    this.headers.set(path, request.headers);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      for (const [method, pattern, handle] of this.routes) {
        const match = request.method === method ? pattern.exec(path) : null;
        if (!match) continue;
        const call = { name: match[1] ?? "", query: url.searchParams, body: Buffer.concat(chunks) };
        return answer(response, 200, handle(call));
      }
      throw new Refusal(404, `page not found: ${request.method} ${path}`);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      answer(response, status, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  private readonly routes: readonly [string, RegExp, (call: Call) => unknown][] = [
    ["GET", /^\/_ping$/, () => "OK"],
    ["POST", /^\/networks\/create$/, ({ body }) => this.createNetwork(parse(body))],
    ["GET", /^\/networks\/(.+)$/, ({ name }) => this.findNetwork(name)],
    ["DELETE", /^\/networks\/(.+)$/, ({ name }) => this.removeNetwork(name)],
    ["POST", /^\/volumes\/create$/, ({ body }) => this.createVolume(parse(body))],
    ["GET", /^\/volumes\/(.+)$/, ({ name }) => found(this.volumes, name, "volume")],
    ["DELETE", /^\/volumes\/(.+)$/, ({ name }) => remove(this.volumes, name, "volume")],
    ["POST", /^\/(?:secrets|configs)\/create$/, ({ body }) => this.createData(parse(body))],
    ["GET", /^\/(?:secrets|configs)\/(.+)$/, ({ name }) => this.readData(name)],
    ["DELETE", /^\/(?:secrets|configs)\/(.+)$/, ({ name }) => remove(this.data, name, "object")],
    ["POST", /^\/services\/create$/, ({ body }) => this.createService(parse(body))],
    ["POST", /^\/services\/(.+)\/update$/, (call) => this.updateService(call)],
    ["GET", /^\/services\/(.+)$/, ({ name }) => this.inService(() => this.swarm.look(name))],
    ["DELETE", /^\/services\/(.+)$/, ({ name }) => this.inService(() => this.swarm.remove(name))],
    ["GET", /^\/tasks$/, ({ query }) => this.listTasks(query.get("filters"))],
    ["GET", /^\/nodes$/, () => [{ ID: "node1", Status: { State: "ready" } }]],
    ["GET", /^\/distribution\/(.+)\/json$/, ({ name }) => this.distribution(name)],
    ["POST", /^\/build$/, ({ query, body }) => this.buildImage(query, body)],
    ["POST", /^\/images\/create$/, ({ query }) => this.pull(query.get("fromImage") ?? "")],
    ["POST", /^\/images\/(.+)\/push$/, ({ name }) => this.push(name)],
    ["GET", /^\/images\/(.+)\/json$/, ({ name }) => found(this.images, name, "image")],
    ["DELETE", /^\/images\/(.+)$/, ({ name }) => remove(this.images, name, "image")],
  ];

  private newId(): string {
    return this.ids.shift() ?? `id${++this.made}`.padEnd(25, "0");
  }

  private createNetwork(given: {
    Name: string;
    Driver?: string;
    Internal: boolean;
    Attachable: boolean;
    Ingress: boolean;
    EnableIPv6: boolean;
    Labels?: Record<string, string>;
    Options?: Record<string, string>;
    IPAM: { Driver?: string; Options?: Record<string, string>; Config?: IpamConfig[] };
  }) {
    const Id = this.newId();
    const isOverlay = given.Driver === "overlay";
    const number = this.networks.size;
    const ranges = given.IPAM.Config ?? [{ Subnet: `10.0.${number}.0/24` }];
    this.networks.set(Id, {
      ...given,
      Id,
      Driver: given.Driver ?? "bridge",
      Scope: isOverlay ? "swarm" : "local",
      Labels: given.Labels ?? null,
      Options: isOverlay
        ? { ...given.Options, "com.docker.network.driver.overlay.vxlanid_list": `${4097 + number}` }
        : (given.Options ?? null),
      IPAM: {
        Driver: given.IPAM.Driver ?? "default",
        Options: given.IPAM.Options ?? null,
        Config: ranges.map((range) => ({
          ...range,
          Gateway: range.Gateway ?? range.Subnet?.replace(/\.0\/\d+$/, ".1"),
        })),
      },
      Containers: {},
    });
    return { Id };
  }

  private findNetwork(name: string): NetworkInspect {
    const byName = [...this.networks.values()].find((network) => network.Name === name);
    const network = this.networks.get(name) ?? byName;
    if (!network) throw new Refusal(404, `network ${name} not found`);
    return network;
  }

  private removeNetwork(name: string): void {
    const { Id } = this.findNetwork(name);
    if (this.busyNetworks.has(Id)) throw new Refusal(403, `network ${name} has active endpoints`);
    this.networks.delete(Id);
  }

  private createVolume(given: { Name: string; Driver?: string; Labels?: Record<string, string> }) {
    const volume = {
      Name: given.Name,
      Driver: given.Driver ?? "local",
      Mountpoint: `/var/lib/docker/volumes/${given.Name}/_data`,
      Labels: given.Labels ?? null,
      Options: null,
    };
    this.volumes.set(given.Name, volume);
    return volume;
  }

  private createData(given: { Name: string; Labels: Record<string, string>; Data: string }) {
    const ID = this.newId();
    this.data.set(ID, { ID, Spec: given });
    return { ID };
  }

  private readData(id: string): DataObject {
    if (this.leaderless) throw new Refusal(503, "The swarm does not have a leader.");
    return found(this.data, id, "object");
  }

  private createService(spec: ServiceSpec) {
    const ID = this.newId();
    this.swarm.create(ID, spec);
    return { ID };
  }

  private updateService({ name, query, body }: Call) {
    this.inService(() => this.swarm.update(name, parse(body), Number(query.get("version"))));
    return { Warnings: null };
  }

  private listTasks(filters: string | null) {
    const { service } = JSON.parse(filters ?? "{}") as { service?: Record<string, boolean> };
    return this.swarm.allTasks().filter((task) => !service || service[task.ServiceID]);
  }

  private inService<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw new Refusal(404, (error as Error).message);
    }
  }

  private distribution(image: string) {
    if (image.includes("no-such")) throw new Refusal(404, `manifest unknown: ${image}`);
    return {
      Descriptor: { digest: `sha256:${"d".repeat(64)}` },
      Platforms: [{ architecture: "amd64", os: "linux" }],
    };
  }

  private buildImage(query: URLSearchParams, context: Buffer) {
    this.build = { query, context };
    const id = `sha256:${"b".repeat(64)}`;
    const name = query.get("t") ?? "";
    this.images.set(name, { Id: id, RepoTags: [name], RepoDigests: [] });
    return lines({ stream: "Step 1/1 : FROM scratch\n" }, { aux: { ID: id } });
  }

  private push(repository: string) {
    return lines(
      { status: `The push refers to repository [${repository}]` },
      { aux: { Tag: "latest", Digest: this.digest, Size: 1 } },
    );
  }

  private pull(name: string) {
    const id = `sha256:${"c".repeat(64)}`;
    this.images.set(name, { Id: id, RepoTags: [], RepoDigests: [name] });
    return lines({ status: `Pulling from ${name}` }, { status: "Digest: …" });
  }
}

function found<T>(things: Map<string, T>, name: string, kind: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw new Refusal(404, `No such ${kind}: ${name}`);
  return thing;
}

function remove<T>(things: Map<string, T>, name: string, kind: string): void {
  found(things, name, kind);
  things.delete(name);
}

function parse<T>(body: Buffer): T {
  return JSON.parse(body.toString("utf8")) as T;
}

function lines(...messages: object[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\r\n`).join("");
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
