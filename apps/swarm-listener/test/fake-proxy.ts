import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A notification as it arrived. */
export interface Received {
  readonly kind: string;
  readonly method: string;
  readonly query: string;
  readonly parameters: Record<string, string>;
  readonly at: number;
}

/** A receiver of notifications that remembers them. */
export class FakeProxy {
  readonly received: Received[] = [];
  /** The status to answer with; may take its time. */
  reply: (received: Received) => number | Promise<number> = () => 200;
  private server: Server | undefined;
  private port = 0;

  async start(): Promise<void> {
    const server = createServer((req, res) => void this.answer(req, res));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  url(kind: "reconfigure" | "remove" | "node-create" | "node-remove"): URL {
    return new URL(`http://127.0.0.1:${this.port}/v1/docker-flow-proxy/${kind}`);
  }

  /** For example `["reconfigure app1", "remove app1"]`. */
  get calls(): string[] {
    return this.received.map(({ kind, parameters }) => `${kind} ${parameters["serviceName"]}`);
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "", "http://proxy");
    const received = {
      kind: url.pathname.replace("/v1/docker-flow-proxy/", ""),
      method: req.method ?? "",
      query: url.search.slice(1),
      parameters: Object.fromEntries(url.searchParams),
      at: Date.now(),
    };
    this.received.push(received);
    res.writeHead(await this.reply(received)).end("{}");
  }
}
