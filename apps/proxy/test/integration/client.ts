import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

import type { Container } from "./docker";

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a test task says. */
export interface Said {
  readonly task: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

interface Options {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly agent?: Agent | false;
  readonly timeoutMs?: number;
  readonly port?: number;
}

/** One request, straight to a container's address. */
export function get(host: string, path: string, options: Options = {}): Promise<Got> {
  const { method = "GET", headers = {}, agent = false, timeoutMs = 20_000, port = 80 } = options;
  return new Promise((resolve, reject) => {
    const sent = { host, port, path, method, headers, agent, timeout: timeoutMs };
    const req = request(sent, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    req.on("timeout", () => req.destroy(new Error(`${path}: no answer in ${timeoutMs} ms`)));
    req.on("error", reject);
    req.end();
  });
}

/** What the task that answered says. @throws Error when the status is not 200 */
export async function said(host: string, path: string, options: Options = {}): Promise<Said> {
  const { status, text } = await get(host, path, options);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  return JSON.parse(text) as Said;
}

/** Calls the control API. */
export async function control(
  proxy: Container,
  action: string,
  parameters: Record<string, string> = {},
  address = proxy.address,
): Promise<{ status: number; text: string }> {
  const query = new URLSearchParams(parameters).toString();
  const url = `http://${address}:8080/v1/docker-flow-proxy/${action}?${query}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  return { status: response.status, text: await response.text() };
}

/** Waits until an expectation holds. */
export async function eventually(
  expectation: () => void | Promise<void>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(25);
    }
  }
}

/** Sends bytes, answers what comes back until the other side closes or is silent. */
export function exchange(host: string, bytes: string | Buffer, silenceMs = 1500): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host, port: 80 }, () => socket.write(bytes));
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

/** What a client sees of a TLS connection. */
export interface Shaken {
  /** The subject's common name. */
  readonly name: string;
  readonly fingerprint: string;
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string | false;
}

/** Shakes hands on the HTTPS port. @throws Error when the proxy does not */
export function shake(
  host: string,
  options: ConnectionOptions & { readonly before?: string } = {},
): Promise<Shaken> {
  const { before, ...more } = options;
  return new Promise((resolve, reject) => {
    const plain = connect({ host, port: 443 });
    plain.on("error", reject);
    plain.setTimeout(10_000, () => plain.destroy(new Error("no handshake in 10 s")));
    if (before !== undefined) plain.write(before);
    const socket = connectTls({ socket: plain, rejectUnauthorized: false, ...more }, () => {
      const { subject, fingerprint256 } = socket.getPeerCertificate();
      resolve({
        name: String(subject.CN),
        fingerprint: fingerprint256,
        protocol: socket.getProtocol() ?? "",
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol ?? false,
      });
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed before the handshake was over")));
  });
}

/** Puts a certificate. */
export async function putCertificate(
  proxy: Container,
  name: string,
  pem: string,
  { address = proxy.address, more = "" } = {},
): Promise<{ status: number; text: string }> {
  const url = `http://${address}:8080/v1/docker-flow-proxy/cert?certName=${encodeURIComponent(name)}${more}`;
  const response = await fetch(url, {
    method: "PUT",
    body: pem,
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
}

/** A steady load from clients that keep their connections and from clients that do not. */
export class Load {
  readonly failures: string[] = [];
  readonly tasks = new Map<string, number>();
  requests = 0;
  private running = true;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });
  private readonly clients: Promise<void>[];

  constructor(
    private readonly host: string,
    private readonly path: string,
  ) {
    this.clients = Array.from({ length: 12 }, (_, i) =>
      this.client(i % 3 === 0 ? false : this.agent),
    );
  }

  private async client(agent: Agent | false): Promise<void> {
    while (this.running) {
      this.requests += 1;
      try {
        const { task } = await said(this.host, this.path, { agent });
        this.tasks.set(task, (this.tasks.get(task) ?? 0) + 1);
      } catch (error) {
        this.failures.push(`${new Date().toISOString()} ${String(error)}`);
      }
      await sleep(5);
    }
  }

  /** Lets the requests under way end. */
  async stop(): Promise<this> {
    this.running = false;
    await Promise.all(this.clients);
    this.agent.destroy();
    return this;
  }
}
