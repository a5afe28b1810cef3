import { APP1 } from "../support";
import { control, eventually, get, said } from "./client";
import { Bench, type Container, docker, LABEL } from "./docker";

/** A listener that lists app1, and fails while a file says so. */
const LISTENER = `
const http = require("node:http");
http.createServer((req, res) => res.end(process.env.SERVICES)).listen(8080);
`;

const bench = new Bench();
let controlNetwork: { name: string; subnet: string };

beforeAll(async () => {
  await bench.addNetwork();
  controlNetwork = await bench.addNetwork();
  await bench.task("app1");
}, 60_000);

afterAll(() => bench.remove());

function startProxy(environment: Record<string, string> = {}): Promise<Container> {
  return bench.proxy({
    // The first network has the alias: DNS must not answer with addresses of the other.
    networks: [controlNetwork.name, bench.network],
    alias: ["tasks.proxy-control"],
    environment: {
      CONTROL_SUBNET: controlNetwork.subnet,
      MODE: "swarm",
      SERVICE_NAME: "proxy-control",
      RELOAD_INTERVAL: "500",
      ...environment,
    },
  });
}

const controlOf = (proxy: Container): string => proxy.addresses[controlNetwork.name] ?? "";

test("proxies pass requests on to one another, on the control network only", async () => {
  const [one, two] = await Promise.all([startProxy(), startProxy()]);
  for (const proxy of [one, two]) {
    await eventually(async () => {
      expect((await control(proxy, "ping", {}, controlOf(proxy))).status).toBe(200);
    });
    await expect(control(proxy, "ping", {}, proxy.addresses[bench.network])).rejects.toThrow();
  }
  const answer = await control(one, "reconfigure", APP1, controlOf(one));
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.text).toContain("Distributed to all instances");
  for (const proxy of [one, two]) {
    await eventually(async () => {
      expect((await get(proxy.addresses[bench.network] ?? "", "/app1")).status).toBe(200);
    });
  }
  await control(two, "remove", { serviceName: "app1", distribute: "true" }, controlOf(two));
  for (const proxy of [one, two]) {
    expect((await get(proxy.addresses[bench.network] ?? "", "/app1")).status).toBe(404);
  }
});

test("a proxy without listener is not healthy; with one it takes its services; without it again it keeps them", async () => {
  const proxy = await startProxy({ LISTENER_ADDRESS: "swarm-listener" });
  const address = proxy.addresses[bench.network] ?? "";
  const healthy = (): Promise<string> => docker("exec", proxy.name, "node", "-e", HEALTH);
  await eventually(async () => expect((await get(address, "/app1")).status).toBe(503));
  await eventually(async () => expect(await healthy()).toBe("503"));
  const listener = await bench.start("listener", ["node", "-e", LISTENER], {
    networks: [controlNetwork.name],
    alias: ["swarm-listener"],
    environment: { SERVICES: JSON.stringify([APP1]) },
  });
  await eventually(async () => expect((await get(address, "/app1")).status).toBe(200));
  expect((await get(address, "/none")).status).toBe(404);
  expect(await healthy()).toBe("200");
  expect((await control(proxy, "successfulinitreload", {}, controlOf(proxy))).status).toBe(200);

  await docker("rm", "-f", listener.name);
  expect((await said(address, "/app1")).url).toBe("/app1");
  await docker("restart", "-t", "10", proxy.name);
  await eventually(async () => expect((await get(address, "/app1")).status).toBe(200));
  await eventually(async () => {
    expect((await control(proxy, "successfulinitreload", {}, controlOf(proxy))).status).toBe(500);
  });
});

const HEALTH = `
require("node:http").get("http://127.0.0.1/healthz", (res) => {
  res.resume();
  process.stdout.write(String(res.statusCode));
});`;

test("the container ends when HAProxy does", async () => {
  const proxy = await startProxy();
  await eventually(async () => {
    expect((await control(proxy, "ping", {}, controlOf(proxy))).status).toBe(200);
  });
  const kill = `for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = haproxy ] && kill -9 "\${p#/proc/}" && break; done`;
  await docker("exec", proxy.name, "sh", "-c", kill);
  await eventually(async () => {
    expect(await docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", proxy.name)).toBe(
      "exited 1",
    );
  });
});

test("a configuration that HAProxy cannot load leaves the one before", async () => {
  const output = await docker(
    ...["run", "--rm", "--label", LABEL, "--network", bench.network],
    ...["--entrypoint", "node", process.env["PROXY_IMAGE"] ?? "", "-e", RELOADS],
  );
  expect(JSON.parse(output.split("\n").at(-1) ?? "")).toEqual({
    check: expect.stringContaining("unknown keyword 'nonsense'") as string,
    failure: expect.stringContaining("HAProxy refused to reload") as string,
    afterFailure: "one",
    afterNext: "two",
  });
});

/** Runs the real process class in the image: a good configuration, one that fails to load, a good one. */
const RELOADS = `
const { HaproxyProcess } = require("/app/dist/haproxy/process.js");
const config = (text, more = "") =>
  "global\\n  server-state-file /run/proxy/state\\ndefaults\\n  mode http\\n  timeout client 5s\\n" +
  "  timeout server 5s\\n  timeout connect 5s\\nfrontend f\\n  bind :80\\n  http-request return " +
  "status 200 content-type text/plain string " + text + "\\nbackend lifecycle\\n  server serving 127.0.0.1:1\\n" + more;
const log = { info() {}, warn() {}, error() {} };
const page = async () => (await fetch("http://127.0.0.1")).text();
(async () => {
  const haproxy = new HaproxyProcess({ binary: "haproxy", runDir: "/run/proxy", stateFile: "/run/proxy/state" }, log);
  await haproxy.start(config("one"));
  const check = await haproxy.check(config("bad", "  nonsense\\n"));
  // Passes the check, fails to bind.
  const failure = await haproxy.reload(config("bad", "frontend g\\n  bind 192.0.2.1:81\\n")).catch((e) => e.message);
  const afterFailure = await page();
  await haproxy.reload(config("two"));
  const afterNext = await page();
  console.log("\\n" + JSON.stringify({ check, failure, afterFailure, afterNext }));
  await haproxy.stop(5000);
})();
`;
