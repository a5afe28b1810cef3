import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../src/certificate";
import type { DomainSet } from "../src/domains";
import { send } from "../src/request";

/** What certbot keeps of a certificate. */
export interface Files {
  readonly cert: string;
  readonly chain: string;
  readonly privkey: string;
}

/** A CA in a folder, of the tests' own; keys are of elliptic curves, as those are quick to make. */
export class TestCa {
  readonly folder = mkdtempSync(join(tmpdir(), "companion-ca-"));
  private count = 0;

  constructor() {
    this.openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-subj", "/CN=Test CA", "-days", "3650", "-keyout", "ca.key", "-out", "ca.pem"],
    );
  }

  issue(domains: readonly string[], days = 90): Files {
    const name = `cert${++this.count}`;
    this.openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/", "-days", String(days)],
      ...["-addext", `subjectAltName=${domains.map((domain) => `DNS:${domain}`).join(",")}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.pem`],
    );
    const read = (file: string): string =>
      execFileSync("cat", [join(this.folder, file)], { encoding: "utf8" });
    return { cert: read(`${name}.pem`), chain: read("ca.pem"), privkey: read(`${name}.key`) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.folder, stdio: ["ignore", "ignore", "pipe"] });
  }
}

/** The fingerprint by which proxies tell certificates apart. */
export const fingerprintOf = ({ cert, chain, privkey }: Files): string =>
  assemble(cert, chain, privkey).fingerprint;

/** Writes files as certbot leaves them: the next version in the archive, with the links on it. */
export function writeLineage(
  directory: string,
  { name }: Pick<DomainSet, "name">,
  files: Files,
  server: string,
): void {
  const [archive, live] = [join(directory, "archive", name), join(directory, "live", name)];
  for (const folder of [archive, live, join(directory, "renewal")]) {
    mkdirSync(folder, { recursive: true });
  }
  const version = readdirSync(archive).filter((file) => file.startsWith("cert")).length + 1;
  const all = { ...files, fullchain: files.cert + files.chain };
  for (const [kind, text] of Object.entries(all)) {
    writeFileSync(join(archive, `${kind}${version}.pem`), text);
    const link = join(live, `${kind}.pem`);
    rmSync(link, { force: true });
    symlinkSync(`../../archive/${name}/${kind}${version}.pem`, link);
  }
  const links = Object.keys(all).map((kind) => `${kind} = ${join(live, `${kind}.pem`)}\n`);
  writeFileSync(
    join(directory, "renewal", `${name}.conf`),
    `version = 4.0.0\narchive_dir = ${archive}\n${links.join("")}\n[renewalparams]\nserver = ${server}\n`,
  );
}

/** A proxy as the companion sees it: its control API, and its way to the challenges. */
export class FakeProxy {
  /** Names and bodies of the certificates that were put, in their order. */
  readonly puts: { readonly name: string; readonly query: string; readonly pem: string }[] = [];
  /** What it lists; an original lists no fingerprints. */
  fingerprints: Set<string> | "none" = new Set();
  /** Where it sends challenges, or nowhere. */
  challengePort: number | undefined;
  refuses = false;
  readonly control: Server;
  readonly http: Server;

  constructor(readonly address: string) {
    this.control = createServer((request, response) => {
      void this.answer(request).then(([status, text]) => response.writeHead(status).end(text));
    });
    this.http = createServer((request, response) => {
      if (this.challengePort === undefined) return void response.writeHead(503).end();
      const { url = "", headers } = request;
      send({
        ...{ host: "127.0.0.1", port: this.challengePort, path: url },
        headers: { Host: headers.host ?? "" },
      }).then(
        ({ status, text }) => response.writeHead(status).end(text),
        () => response.writeHead(502).end(),
      );
    });
  }

  async start(controlPort = 0, httpPort = 0): Promise<{ control: number; http: number }> {
    this.control.listen(controlPort, this.address);
    this.http.listen(httpPort, this.address);
    await Promise.all([this.control, this.http].map((server) => once(server, "listening")));
    return { control: portOf(this.control), http: portOf(this.http) };
  }

  async stop(): Promise<void> {
    for (const server of [this.control, this.http]) {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), "close");
    }
  }

  private async answer(request: IncomingMessage): Promise<[number, string]> {
    const url = new URL(request.url ?? "", "http://proxy");
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
    if (url.pathname === "/v1/docker-flow-proxy/certs") {
      return this.fingerprints === "none"
        ? [200, JSON.stringify({ Certs: [{ ProxyServiceName: "x", CertContent: "" }] })]
        : [200, JSON.stringify({ Certs: [...this.fingerprints].map(listed) })];
    }
    if (this.refuses) return [400, "no"];
    const { pathname, searchParams } = url;
    if (request.method !== "PUT" || pathname !== "/v1/docker-flow-proxy/cert") return [404, ""];
    const name = searchParams.get("certName") ?? "";
    this.puts.push({ name, query: url.search, pem: body });
    if (this.fingerprints !== "none") this.fingerprints.add(fingerprintOfPem(body));
    return [200, ""];
  }
}

/** As our proxy lists it, in OpenSSL's way to write it. */
const listed = (fingerprint: string) => ({
  fingerprint: fingerprint.toUpperCase().replace(/(..)(?=.)/g, "$1:"),
});

const fingerprintOfPem = (pem: string): string => assemble(pem, "", "").fingerprint;

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Waits until something holds; throws with the last reason when it takes longer than a test may. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
  const deadline = Date.now() + 4_000;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
