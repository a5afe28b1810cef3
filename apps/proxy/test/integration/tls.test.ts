import { request as httpsRequest } from "node:https";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

import { makePair, makePem, type Pair } from "../pem";
import { APP1 } from "../support";
import { control, eventually, putCertificate, type Said, shake } from "./client";
import { Bench, type Container, docker, logsOf } from "./docker";

const bench = new Bench();
let proxy: Container;
let edged: Container;

const A = makePem("a.example");
const B = makePem("b.example", { names: ["b.example", "*.b.example"] });

beforeAll(async () => {
  const { gateway } = await bench.addNetwork();
  await bench.task("app1");
  [proxy, edged] = await Promise.all([
    bench.proxy({ environment: { HSTS_MAX_AGE: "300" } }),
    bench.proxy({ environment: { EDGE_ADDRESSES: gateway } }),
  ]);
  for (const one of [proxy, edged]) {
    await eventually(async () => {
      expect((await control(one, "reconfigure", APP1)).status).toBe(200);
    });
  }
}, 60_000);

afterAll(() => bench.remove());

const nameFor = async (servername: string, host = proxy.address): Promise<string> =>
  (await shake(host, { servername })).name;

/** Process ids of HAProxy in the proxy's container. */
const haproxies = (): Promise<string> =>
  docker(
    ...["exec", proxy.name, "sh", "-c"],
    `cd /proc; for p in [0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = haproxy ] && echo $p; done; true`,
  );

/** One request over HTTP/2. */
function get2(
  session: ReturnType<typeof connectHttp2>,
  path: string,
  { method = "GET", body = "" } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, ":method": method });
    let text = "";
    let headers: IncomingHttpHeaders = {};
    stream.on("response", (got) => (headers = got));
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("end", () => resolve({ status: Number(headers[":status"]), headers, text }));
    stream.on("error", reject);
    // One without a body has ended already.
    if (method !== "GET") stream.end(body);
  });
}

test("443 is served by a self-signed certificate from the first moment", async () => {
  expect(await nameFor("anything.example")).toBe("proxy.invalid");
  expect(await docker("diff", proxy.name)).not.toContain(".pem\n/app");
});

test("the certificate is chosen by SNI, by wildcard, and is the default for other names", async () => {
  expect(await putCertificate(proxy, "a.pem", A)).toMatchObject({ status: 200 });
  expect(await putCertificate(proxy, "b.pem", B)).toMatchObject({ status: 200 });
  expect(await nameFor("a.example")).toBe("a.example");
  expect(await nameFor("b.example")).toBe("b.example");
  expect(await nameFor("www.b.example")).toBe("b.example");
  expect(await nameFor("unknown.example")).toBe("a.example");
  expect((await shake(proxy.address)).name).toBe("a.example");
});

test("a replaced certificate is served at once, by the same process", async () => {
  const before = await haproxies();
  const next = makePem("next.example", { names: ["a.example", "next.example"] });
  expect(await putCertificate(proxy, "a.pem", next)).toMatchObject({ status: 200 });
  expect(await nameFor("a.example")).toBe("next.example");
  expect(await nameFor("next.example")).toBe("next.example");
  expect(await nameFor("unknown.example")).toBe("next.example");
  expect(await nameFor("b.example")).toBe("b.example");
  expect(await haproxies()).toBe(before);
  // And after a reload it is the same.
  expect((await control(proxy, "reload")).status).toBe(200);
  expect(await haproxies()).not.toBe(before);
  expect(await nameFor("a.example")).toBe("next.example");
});

test("a renewal fails no handshake", async () => {
  const failures: string[] = [];
  let running = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (running) {
      await nameFor("b.example").catch((error: unknown) => failures.push(String(error)));
    }
  });
  for (const name of ["b.pem", "new.pem", "b.pem"]) {
    const pem = makePem("b.example", { names: ["b.example", "*.b.example"] });
    expect(await putCertificate(proxy, name, pem)).toMatchObject({ status: 200 });
  }
  running = false;
  await Promise.all(clients);
  expect(failures).toEqual([]);
});

test("TLS is Mozilla's intermediate: 1.2 and 1.3 with forward secrecy, and nothing else", async () => {
  const host = proxy.address;
  expect((await shake(host)).protocol).toBe("TLSv1.3");
  expect((await shake(host, { maxVersion: "TLSv1.2" })).cipher).toMatch(/^ECDHE-ECDSA-AES\d+-GCM/);
  const weak = { maxVersion: "TLSv1.2", ciphers: "AES128-SHA:ECDHE-ECDSA-AES128-SHA" } as const;
  await expect(shake(host, weak)).rejects.toThrow();
  await expect(
    shake(host, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
  ).rejects.toThrow(/alert protocol version|protocol version/);
});

test("no session ticket is given", async () => {
  const tickets = await new Promise<string>((resolve, reject) => {
    let session = "";
    const socket = connectTls(
      { host: proxy.address, port: 443, rejectUnauthorized: false, maxVersion: "TLSv1.2" },
      () => {
        session = socket.getTLSTicket()?.toString("hex") ?? "none";
        socket.end();
      },
    );
    socket.resume();
    socket.on("close", () => resolve(session));
    socket.on("error", reject);
  });
  expect(tickets).toBe("none");
});

test("HTTP/2 and HTTP/1.1 by ALPN lead to the same tasks, which learn of https", async () => {
  expect((await shake(proxy.address, { ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("h2");
  expect((await shake(proxy.address, { ALPNProtocols: ["http/1.1"] })).alpn).toBe("http/1.1");
  const session = connectHttp2(`https://${proxy.address}`, { rejectUnauthorized: false });
  await eventually(async () => expect((await get2(session, "/app1")).status).toBe(200));
  const { headers, text } = await get2(session, "/app1/x?y=1");
  const said = JSON.parse(text) as Said;
  expect(said.url).toBe("/app1/x?y=1");
  expect(said.headers).toMatchObject({ "x-forwarded-proto": "https", "x-forwarded-port": "443" });
  expect(said.headers["forwarded"]).toContain("proto=https");
  expect(headers["strict-transport-security"]).toBe("max-age=300");
  expect((await get2(session, "/none")).status).toBe(404);
  session.close();
  await eventually(async () => {
    const line = (await logsOf(proxy)).requests.find((text) => text.includes("/app1/x")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ protocol: "HTTP/2.0", tls: "TLSv1.3" });
  });
});

test("hundreds of requests on one HTTP/2 connection over kept-alive backend connections all succeed", async () => {
  const session = connectHttp2(`https://${proxy.address}`, { rejectUnauthorized: false });
  await eventually(async () => expect((await get2(session, "/app1")).status).toBe(200));
  const statuses: number[] = [];
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        get2(
          session,
          `/app1/${i}`,
          i % 3 === 0 ? { method: "POST", body: "b".repeat(i * 1000) } : {},
        ),
      ),
    );
    statuses.push(...answers.map(({ status }) => status));
  }
  session.close();
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses).toHaveLength(300);
});

test("HSTS is told by HTTPS only", async () => {
  const plain = await fetch(`http://${proxy.address}/app1`);
  expect(plain.headers.get("strict-transport-security")).toBeNull();
});

test("PROXY protocol on 443 is for the edge: it must speak it, and nobody else can", async () => {
  const PROXY_V1 = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 8443\r\n";
  expect((await shake(edged.address, { before: PROXY_V1 })).name).toBe("proxy.invalid");
  await expect(shake(edged.address)).rejects.toThrow();
  await expect(shake(proxy.address, { before: PROXY_V1 })).rejects.toThrow();
  const plain = connect({ host: edged.address, port: 443 });
  plain.write(PROXY_V1);
  const said = await new Promise<Said>((resolve, reject) => {
    const req = httpsRequest(
      {
        path: "/app1",
        headers: { host: "a.example" },
        createConnection: () => connectTls({ socket: plain, rejectUnauthorized: false }),
      },
      (res) => {
        let text = "";
        res.on("data", (chunk: Buffer) => (text += chunk.toString()));
        res.on("end", () => resolve(JSON.parse(text) as Said));
      },
    );
    req.on("error", reject);
    req.end();
  });
  expect(said.headers).toMatchObject({
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-port": "8443",
    "x-forwarded-proto": "https",
  });
});

test("a bad certificate is refused, changes nothing, and blocks no later one", async () => {
  const pair = makePair("a.example");
  const expired = await docker(
    ...["run", "--rm", "--entrypoint", "openssl", process.env["PROXY_IMAGE"] ?? "", "req", "-x509"],
    ...[
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "-",
      "-out",
      "-",
    ],
    ...[
      "-subj",
      "/CN=a.example",
      "-not_before",
      "20200101000000Z",
      "-not_after",
      "20210101000000Z",
    ],
  );
  const before = (await control(proxy, "certs")).text;
  const bad: readonly [string, string, RegExp][] = [
    ["a.pem", "garbage", /no certificate/],
    ["a.pem", pair.certificate, /key is missing/],
    ["a.pem", pair.certificate + makePair("a.example").key, /belongs to none/],
    ["a.pem", expired, /expired at 2021/],
    ["a.pem", `${A}${B}`, /more than one private key/],
    ["../a.pem", A, /certName/],
    ["a/../../haproxy.cfg", A, /certName/],
  ];
  for (const [name, pem, reason] of bad) {
    const { status, text } = await putCertificate(proxy, name, pem);
    expect({ status, text }).toMatchObject({ status: 400 });
    expect(text).toMatch(reason);
  }
  expect((await control(proxy, "certs")).text).toBe(before);
  expect(await nameFor("a.example")).toBe("next.example");
  expect((await control(proxy, "reload")).status).toBe(200);
});

test("certs, status, config, metrics and log tell no key", async () => {
  const pair = makePair("key.example");
  await putCertificate(proxy, "key", pair.certificate + pair.key);
  const secret = pair.key.split("\n")[1] ?? "?";
  const told = await Promise.all(
    ["certs", "status", "config", "metrics"].map(
      async (action) => (await control(proxy, action)).text,
    ),
  );
  const { requests, control: lines } = await logsOf(proxy);
  expect(told[0]).toContain("key.example");
  for (const text of [...told, ...requests, ...lines]) expect(text).not.toContain(secret);
  const command = await docker(
    "exec",
    proxy.name,
    "sh",
    "-c",
    "cat /proc/[0-9]*/cmdline /proc/1/environ",
  );
  expect(command).not.toContain(secret);
});

test("certificates survive a restart, and one that is damaged on disk is left out and named", async () => {
  await docker(
    ...["exec", proxy.name, "sh", "-c"],
    "cd /var/lib/proxy/certificates && umask 077 && head -c 300 b.pem > x && mv x b.pem",
  );
  await docker("restart", "-t", "15", proxy.name);
  await eventually(async () => expect(await nameFor("a.example")).toBe("next.example"));
  await eventually(async () => expect((await control(proxy, "ping")).status).toBe(200));
  const { text } = await control(proxy, "status");
  const { certificates } = JSON.parse(text) as { certificates: { name: string; error?: string }[] };
  expect(certificates.find(({ name }) => name === "b.pem")?.error).toBeDefined();
  expect(certificates.find(({ name }) => name === "a.pem")).not.toHaveProperty("error");
  expect((await control(proxy, "reload")).status).toBe(200);
  const modes = await docker(
    ...["exec", proxy.name, "sh", "-c"],
    "stat -c '%a %U' /var/lib/proxy/certificates/* /run/proxy/certificates/* | sort -u",
  );
  expect(modes).toBe("600 node");
});

test("a route may want clients' certificates, and others are served without", async () => {
  const folder = mkdtempSync(join(tmpdir(), "proxy-it-ca-"));
  const authority = makePair("clients", { names: [], ca: true });
  const client = makePair("client", { issuer: authority });
  const stranger = makePair("stranger");
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "ca"), authority.certificate, { mode: 0o644 });
  const strict = await bench.proxy({
    environment: { CA_FILE: "/clients/ca" },
    options: ["--volume", `${folder}:/clients:ro`],
  });
  try {
    await eventually(async () => {
      expect((await control(strict, "reconfigure", APP1)).status).toBe(200);
    });
    const guarded = { ...APP1, serviceName: "guarded", servicePath: "/guarded" };
    const { status, text } = await control(strict, "reconfigure", {
      ...guarded,
      verifyClientSsl: "true",
    });
    expect({ status, text }).toMatchObject({ status: 200 });
    const ask = (path: string, pair?: Pair): Promise<number> =>
      new Promise((resolve, reject) => {
        const credentials = pair && { cert: pair.certificate, key: pair.key };
        const options = { host: strict.address, path, rejectUnauthorized: false, ...credentials };
        httpsRequest({ ...options, agent: false }, (res) => resolve(res.resume().statusCode ?? 0))
          .on("error", reject)
          .end();
      });
    await eventually(async () => expect(await ask("/app1")).toBe(200));
    expect(await ask("/app1", stranger)).toBe(200);
    expect(await ask("/guarded")).toBe(403);
    expect(await ask("/guarded", stranger)).toBe(403);
    // There is no such task: the request was let through.
    expect(await ask("/guarded", client)).toBe(503);
    expect((await fetch(`http://${strict.address}/guarded`)).status).toBe(403);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
