import { request } from "node:http";
import type { AddressInfo } from "node:net";

import { type App, startApp } from "../src/app";
import { askForCertificates, sendAll } from "../src/certificates/resend";
import type { Certificates } from "../src/certificates/certificates";
import { parseCertificate } from "../src/certificates/certificate";
import type { PeerOptions } from "../src/control/peers";
import type { Settings } from "../src/settings";
import { makePair, makePem } from "./pem";
import {
  cleanUp,
  eventually,
  FakeDataPlane,
  memoryLog,
  serve,
  serveSocket,
  testSettings,
} from "./support";

const apps: App[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await cleanUp();
});

const a = makePair("a.example");
const PEM = a.certificate + a.key;

interface Called {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

async function run(settings: Settings = testSettings()) {
  const { log, lines } = memoryLog();
  const dataPlane = new FakeDataPlane();
  const app = await startApp(settings, dataPlane, log);
  apps.push(app);
  const { port } = app.servers[0]?.address() as AddressInfo;
  const call = async (path: string, init: RequestInit = {}): Promise<Called> => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/docker-flow-proxy/${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return {
      status: response.status,
      text,
      body: isJson ? (JSON.parse(text) as Called["body"]) : {},
    };
  };
  const put = (name: string, body: string, more = ""): Promise<Called> =>
    call(`cert?certName=${encodeURIComponent(name)}${more}`, { method: "PUT", body });
  return { call, put, port, dataPlane, lines, settings };
}

describe("PUT cert", () => {
  it("takes a certificate, which certs and status then list without its key", async () => {
    const { call, put, dataPlane } = await run();
    expect(await put("a.pem", PEM)).toMatchObject({
      status: 200,
      body: { Status: "OK", Message: "Added", CertName: "a.pem" },
    });
    expect(dataPlane.calls).toEqual(["start", "check", "reload"]);
    const { fingerprint, notAfter } = parseCertificate(PEM);
    const listed = {
      name: "a.pem",
      domains: ["a.example"],
      notAfter: notAfter.toISOString(),
      daysLeft: 29,
      issuer: "CN=a.example",
      fingerprint,
      source: "request",
    };
    const certs = await call("certs");
    expect(certs.body).toEqual({
      Status: "OK",
      Message: "",
      Certs: [{ ProxyServiceName: "a.pem", ...listed }],
    });
    const status = await call("status");
    expect(status.body).toMatchObject({ certificates: [listed] });
    expect(certs.text + status.text).not.toMatch(/PRIVATE|BEGIN/);
  });

  it.each<[string, string, string, number, RegExp]>([
    ["without a name", "", PEM, 400, /certName is mandatory/],
    ["with a path as the name", "../../etc/passwd", PEM, 400, /certName/],
    ["with an empty body", "a", "\n", 400, /body is empty/],
    ["with garbage", "a", "garbage", 400, /no certificate/],
    ["that is too long", "a", "x".repeat(65_537), 413, /at most 65536/],
  ])("refuses a request %s and changes nothing", async (_what, name, body, status, reason) => {
    const { call, put, dataPlane } = await run();
    await put("old", PEM);
    const before = [...dataPlane.calls];
    const answer = await put(name, body);
    expect(answer).toMatchObject({ status, body: { Status: "NOK" } });
    expect(answer.body["Message"]).toMatch(reason);
    expect(dataPlane.calls).toEqual(before);
    expect((await call("certs")).body["Certs"]).toHaveLength(1);
  });

  it("is asked for by GET in vain", async () => {
    const { call } = await run();
    expect((await call("cert?certName=a")).status).toBe(405);
  });

  it("says that it did not distribute where there is nobody to distribute to", async () => {
    const { put } = await run();
    const { body } = await put("a", PEM, "&distribute=true");
    expect(body["Message"]).toBe("Added. Not distributed, as MODE is not swarm");
  });

  it("answers 500 when the other proxies cannot be found, having taken it itself", async () => {
    const { call, put } = await run(
      testSettings({ MODE: "swarm", SERVICE_NAME: "nobody.invalid" }),
    );
    expect(await put("a", PEM, "&distribute=true")).toMatchObject({ status: 500 });
    expect((await call("certs")).body["Certs"]).toMatchObject([{ name: "a" }]);
  });
});

describe("metrics", () => {
  it("hold the control plane's own beside HAProxy's, which are asked for by the same query", async () => {
    const settings = testSettings();
    const asked: string[] = [];
    await serveSocket((req, res) => {
      asked.push(req.url ?? "");
      res.end("haproxy_up 1\n");
    }, settings.render.metricsSocket);
    const { call, put } = await run(settings);
    await put("a", PEM);
    await put("a", "garbage");
    const { status, text } = await call("metrics");
    expect(status).toBe(200);
    const { fingerprint, notAfter } = parseCertificate(PEM);
    for (const line of [
      'proxy_reloads_total{result="ok"} 1',
      'proxy_reloads_total{result="failed"} 0',
      'proxy_control_requests_total{action="cert",status="200"} 1',
      'proxy_control_requests_total{action="cert",status="400"} 1',
      `proxy_certificate_not_after_seconds{name="a",source="request",fingerprint="${fingerprint}"} ${notAfter.getTime() / 1000}`,
      "proxy_certificates_left_out 0",
      "haproxy_up 1",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    await call("metrics?scope=server&no-maint");
    expect(asked).toEqual([
      "/metrics?scope=global&scope=frontend&scope=backend",
      "/metrics?scope=server&no-maint",
    ]);
  });

  it("answer 500 while HAProxy does not", async () => {
    const { call } = await run();
    expect(await call("metrics")).toMatchObject({ status: 500, text: "500 no metrics\n" });
  });

  it("count reloads that failed and configurations that were refused", async () => {
    const settings = testSettings();
    await serveSocket((_req, res) => res.end(), settings.render.metricsSocket);
    const { call, dataPlane } = await run(settings);
    dataPlane.failing = "frontend";
    await call("reload");
    dataPlane.refusing = "frontend";
    await call("reload");
    const { text } = await call("metrics");
    expect(text).toContain('proxy_reloads_total{result="failed"} 1');
    expect(text).toContain("proxy_configurations_refused_total 1");
  });
});

/** Certificates of a proxy, as far as resending needs them. */
const holding = (pems: Readonly<Record<string, string>>): Pick<Certificates, "requested"> => ({
  requested: () =>
    Object.entries(pems).map(([name, pem]) => ({ name, certificate: parseCertificate(pem) })),
});

const peersAt = (addresses: readonly string[], port: number): PeerOptions => ({
  serviceName: "proxy-control",
  port,
  controlSubnet: undefined,
  ownAddresses: () => ["10.0.0.9"],
  resolve: (name) =>
    name === "tasks.proxy-control" ? Promise.resolve([...addresses]) : Promise.reject(new Error()),
});

describe("certs/resend", () => {
  it("sends what it has to a proxy, as what may be left out when it is older", async () => {
    const got: string[] = [];
    const port = await serve((req, res) => {
      req.resume();
      got.push(`${req.method} ${req.url}`);
      res.end("{}");
    });
    const all = holding({ a: PEM, "b.pem": makePem("b.example") });
    expect(await sendAll("127.0.0.1", all, peersAt(["127.0.0.1"], port))).toBe(2);
    expect(got.sort()).toEqual([
      "PUT /v1/docker-flow-proxy/cert?certName=a&ifNewer=true",
      "PUT /v1/docker-flow-proxy/cert?certName=b.pem&ifNewer=true",
    ]);
  });

  it("sends nothing to an address that DNS does not know as a proxy's", async () => {
    const got: string[] = [];
    const port = await serve((req, res) => {
      got.push(req.url ?? "");
      res.end("{}");
    });
    const all = holding({ a: PEM });
    for (const peers of [peersAt(["127.0.0.2"], port), peersAt([], port), undefined]) {
      await expect(sendAll("127.0.0.1", all, peers)).rejects.toMatchObject({ status: 403 });
    }
    expect(got).toEqual([]);
  });

  it("is refused over HTTP to who is no proxy, without a key in the answer", async () => {
    const { call, put } = await run(testSettings({ MODE: "swarm", SERVICE_NAME: "localhost" }));
    await put("a", PEM);
    const { status, text } = await call("certs/resend");
    expect(status).toBe(403);
    expect(text).not.toMatch(/BEGIN/);
  });

  it("names what the proxy did not take", async () => {
    const port = await serve((_req, res) => res.writeHead(500).end());
    await expect(
      sendAll("127.0.0.1", holding({ a: PEM }), peersAt(["127.0.0.1"], port)),
    ).rejects.toMatchObject({ status: 500, message: expect.stringContaining("a (500)") as string });
  });
});

describe("askForCertificates", () => {
  /** A proxy or companion that refuses so many questions before it answers. */
  async function asked(certs: unknown, refusals = 0) {
    const paths: string[] = [];
    let left = refusals;
    const port = await serve((req, res) => {
      const path = (req.url ?? "").replace("/v1/docker-flow-proxy/", "");
      paths.push(path);
      if (path.endsWith("resend") && left-- > 0) return res.writeHead(403).end();
      return res.end(JSON.stringify(path === "certs" ? { Certs: certs } : { sent: 1 }));
    });
    return { paths, port };
  }
  const { log } = memoryLog();
  const common = { log, signal: new AbortController().signal, companionAddress: undefined };
  const { fingerprint } = parseCertificate(PEM);
  const listed = { name: "a", source: "request", fingerprint };

  it("asks a proxy that has what it lacks, again until it is known there", async () => {
    const { paths, port } = await asked([listed], 2);
    await askForCertificates({
      ...common,
      certificates: holding({}),
      peers: peersAt(["127.0.0.1"], port),
    });
    expect(paths.filter((path) => path === "certs/resend")).toHaveLength(3);
  });

  it.each([
    ["has the same", [listed]],
    ["has only what has expired", [{ ...listed, name: "old", notAfter: "2020-01-01T00:00:00Z" }]],
    ["has only its own secrets", [{ ...listed, name: "cert-x", source: "secret" }]],
    ["has none", []],
  ])("does not bother a proxy that %s", async (_what, certs) => {
    const { paths, port } = await asked(certs);
    await askForCertificates({
      ...common,
      certificates: holding({ a: PEM }),
      peers: peersAt(["127.0.0.1"], port),
    });
    expect(paths).toEqual(["certs"]);
  });

  it("asks the companion", async () => {
    const { paths, port } = await asked([], 1);
    await askForCertificates({
      ...common,
      certificates: holding({}),
      peers: undefined,
      companionAddress: `127.0.0.1:${port}`,
    });
    expect(paths).toEqual(Array(2).fill("/v1/letsencrypt-companion/resend"));
  });

  it("gives up in time", async () => {
    const { port } = await asked([listed], Infinity);
    const { log: ownLog, lines } = memoryLog();
    await askForCertificates({
      ...common,
      log: ownLog,
      certificates: holding({}),
      peers: peersAt(["127.0.0.1"], port),
      patienceMs: 300,
    });
    expect(lines.join("")).toContain("asked for in vain");
  });

  it("holds back readiness of a proxy without any, and only of such a one", async () => {
    let answerNow: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answerNow = resolve));
    const port = await serve((_req, res) => void held.then(() => res.end("{}")));
    const settings = testSettings({ COMPANION_ADDRESS: `127.0.0.1:${port}` });
    const { dataPlane, put } = await run(settings);
    expect(dataPlane.calls).toEqual(["start unready"]);
    answerNow();
    await eventually(() => expect(dataPlane.calls).toEqual(["start unready", "serving true"]));
    await put("a", PEM);
    expect((await run(settings)).dataPlane.calls).toEqual(["start"]);
  });
});

test("a body that is refused is not read to its end", async () => {
  const { port } = await run();
  const status = await new Promise((resolve, reject) => {
    const req = request(
      { port, method: "PUT", path: "/v1/docker-flow-proxy/cert?certName=a" },
      (res) => resolve(res.statusCode),
    );
    req.on("error", reject);
    // Never ended.
    req.write("x".repeat(100_000));
  });
  expect(status).toBe(413);
});
