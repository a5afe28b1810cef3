import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApp, type App } from "../src/app";
import { loadConfig } from "../src/config";
import { domainSet } from "../src/domains";
import { createLog } from "../src/log";
import { send } from "../src/request";
import { eventually, FakeProxy, type Files, portOf, TestCa, writeLineage } from "./support";

const SERVER = "https://ca.example/dir";
const A = domainSet(["a.example", "www.a.example"]);
const ca = new TestCa();
const files: Files = ca.issue(A.domains);
const lines: string[] = [];
const log = createLog((line) => lines.push(line));

let directory: string;
let proxies: FakeProxy[];
let app: App | undefined;
let ports: { control: number; http: number };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "companion-app-"));
  proxies = [new FakeProxy("127.0.0.2"), new FakeProxy("127.0.0.3")];
  ports = await (proxies[0] as FakeProxy).start();
  await proxies[1]?.start(ports.control, ports.http);
  lines.length = 0;
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  rmSync(directory, { recursive: true });
});
afterAll(() => ca.remove());

/** Starts the app between the fake proxies; by default with a certificate that it has already. */
async function start({ has = true, resolve = tasks } = {}): Promise<App> {
  if (has) writeLineage(directory, A, files, SERVER);
  const environment = {
    ...{ DOMAIN_1: "('a.example' 'www.a.example')", CERTBOT_EMAIL: "ops@a.example" },
    ...{ ACME_DIRECTORY_URL: SERVER, PROXY_ADDRESS: `proxy:${ports.control}` },
    ...{ PROXY_HTTP_PORT: String(ports.http) },
    ...{ LETSENCRYPT_DIR: directory, RUN_DIR: join(directory, "run") },
  };
  const config = {
    ...loadConfig(environment),
    reconcileIntervalS: 0.05,
    port: 0,
    challengePort: 0,
  };
  const obtain = (set: typeof A) => {
    writeLineage(directory, set, files, SERVER);
    return Promise.resolve(undefined);
  };
  app = await startApp(config, log, { obtain, resolve });
  return app;
}

const tasks = (name: string): Promise<string[]> =>
  name === "tasks.proxy"
    ? Promise.resolve(proxies.map(({ address }) => address))
    : Promise.reject(new Error("ENOTFOUND"));

/** Asks the app's API from one of this machine's addresses. */
function ask(path: string, localAddress = "127.0.0.1"): Promise<{ status: number; text: string }> {
  const port = portOf((app as App).servers.api);
  return new Promise((resolve, reject) => {
    get(
      { host: "127.0.0.1", port, path, localAddress, agent: false },
      (response: IncomingMessage) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    ).on("error", reject);
  });
}
const BASE = "/v1/letsencrypt-companion";
const pem = [files.cert, files.chain, files.privkey].map((part) => `${part.trim()}\n`).join("");

test("every proxy gets every certificate, once", async () => {
  await start();
  for (const proxy of proxies) {
    await eventually(() => {
      expect(proxy.puts).toEqual([
        { name: "a.example.combined.pem", query: "?certName=a.example.combined.pem", pem },
      ]);
    });
  }
  await eventually(() => {
    expect(app?.status().proxies.map(({ upToDate }) => upToDate)).toEqual([1, 1]);
  });
});

test("a proxy that lost a certificate gets it again, one that refuses is a problem", async () => {
  await start();
  const [one, two] = proxies as [FakeProxy, FakeProxy];
  await eventually(() => expect([one.puts.length, two.puts.length]).toEqual([1, 1]));
  one.fingerprints = new Set();
  await eventually(() => expect(one.puts).toHaveLength(2));
  two.refuses = true;
  two.fingerprints = new Set();
  await eventually(() => {
    expect(app?.status().problems).toEqual([
      expect.stringMatching(
        /127\.0\.0\.3 is without its certificates: a\.example: it answered 400/,
      ),
    ]);
  });
  two.refuses = false;
  await eventually(() => expect(app?.status().healthy).toBe(true));
});

test("a proxy that does not list fingerprints gets each certificate once", async () => {
  for (const proxy of proxies) proxy.fingerprints = "none";
  await start();
  await eventually(() => expect(proxies.map(({ puts }) => puts.length)).toEqual([1, 1]));
  const { proxies: before } = (app as App).status();
  // Two more comparisons: each makes a new list of states.
  for (let list = before, i = 0; i < 2; i++) {
    await eventually(() => expect(app?.status().proxies).not.toBe(list));
    list = (app as App).status().proxies;
  }
  expect(proxies.map(({ puts }) => puts.length)).toEqual([1, 1]);
});

test("behind a virtual address one proxy is asked to pass on what it gets", async () => {
  await start({
    resolve: (name) =>
      name === "proxy" ? Promise.resolve(["127.0.0.2"]) : Promise.reject(new Error("ENOTFOUND")),
  });
  await eventually(() => expect(proxies[0]?.puts[0]?.query).toMatch(/&distribute=true$/));
});

test("a name that DNS does not know is a problem, not an end", async () => {
  await start({ resolve: () => Promise.reject(new Error("ENOTFOUND")) });
  await eventually(() => {
    expect(app?.status().problems).toEqual([
      expect.stringMatching(/no proxy is known as tasks.proxy/),
    ]);
  });
  expect((await ask(`${BASE}/ping`)).status).toBe(200);
});

test("a proxy that starts gets all by PUT; whoever else asks gets nothing", async () => {
  await start();
  const [one] = proxies as [FakeProxy];
  await eventually(() => expect(one.puts).toHaveLength(1));
  expect(await ask(`${BASE}/resend`, "127.0.0.2")).toEqual({ status: 200, text: '{"sent":1}' });
  expect(one.puts).toHaveLength(2);
  const stranger = await ask(`${BASE}/resend`, "127.0.0.4");
  expect(stranger.status).toBe(403);
  expect(stranger.text).not.toContain("PRIVATE");
});

test("no order before every proxy routes the challenges of every name", async () => {
  await start({ has: false });
  const challengePort = portOf((app as App).servers.challenges);
  await eventually(() => {
    expect(app?.status().certificates[0]?.waitingFor).toMatch(
      /127\.0\.0\.2 does not route .*: it answered 503/,
    );
  });
  (proxies[0] as FakeProxy).challengePort = challengePort;
  await eventually(() => {
    expect(app?.status().certificates[0]?.waitingFor).toMatch(/127\.0\.0\.3 does not route/);
  });
  expect(app?.status().certificates[0]?.failures).toBe(0);
  (proxies[1] as FakeProxy).challengePort = challengePort;
  await eventually(() => expect(app?.status().certificates[0]?.state).toBe("valid"));
  await eventually(() => expect(proxies.map(({ puts }) => puts.length)).toEqual([1, 1]));
});

test("answers challenges, and nothing else", async () => {
  await start();
  await eventually(() => expect(existsSync(join(directory, "companion", "state.json"))).toBe(true));
  const port = portOf((app as App).servers.challenges);
  for (const path of [
    ...["/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/unknown"],
    "/.well-known/acme-challenge/../../../../companion/state.json",
    "/.well-known/acme-challenge/..%2f..%2f..%2f..%2fcompanion%2fstate.json",
    "/v1/letsencrypt-companion/status",
  ]) {
    // As it is: fetch would take the dots out.
    const { status } = await send({ host: "127.0.0.1", port, path });
    expect({ path, status }).toEqual({ path, status: 404 });
  }
});

test("tells its state and its metrics, without a key", async () => {
  await start();
  await eventually(() => expect(app?.status().healthy).toBe(true));
  const status = await ask(`${BASE}/status`);
  expect(JSON.parse(status.text)).toMatchObject({
    healthy: true,
    directoryUrl: SERVER,
    certificates: [{ name: "a.example", state: "valid", failures: 0, issuer: "Test CA" }],
  });
  await eventually(async () => {
    const { text } = await ask(`${BASE}/metrics`);
    expect(text).toMatch(
      /^letsencrypt_certificate_not_after_seconds\{name="a\.example"\} \d{10}$/m,
    );
    expect(text).toMatch(/^letsencrypt_certificate_failures\{name="a\.example"\} 0$/m);
    expect(text).toMatch(/^letsencrypt_proxy_puts_total\{outcome="accepted"\} 2$/m);
    expect(text).toMatch(/^letsencrypt_healthy 1$/m);
  });
  const secret = files.privkey.split("\n")[1] ?? "";
  for (const text of [status.text, (await ask(`${BASE}/metrics`)).text, ...lines]) {
    expect(text).not.toContain(secret);
  }
  expect((await ask(`${BASE}/nothing`)).status).toBe(404);
});
