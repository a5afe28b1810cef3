import { Agent } from "node:http";

import { renderConfig } from "../../src/haproxy/render";
import { EVERYTHING } from "../everything";
import { APP1, RENDER, tableOf } from "../support";
import { control, eventually, exchange, get, said } from "./client";
import { Bench, type Container, docker, IMAGE, LABEL, logsOf } from "./docker";

const bench = new Bench();
let proxy: Container;
let task: Container;

beforeAll(async () => {
  await bench.addNetwork();
  [proxy, task] = await Promise.all([bench.proxy(), bench.task("app1")]);
  await eventually(async () => expect((await control(proxy, "ping")).status).toBe(200));
}, 60_000);

afterAll(() => bench.remove());

const route = async (parameters: Record<string, string>): Promise<void> => {
  const { status, text } = await control(proxy, "reconfigure", parameters);
  expect({ status, text }).toMatchObject({ status: 200 });
};

test("the article's labels make a route, and remove takes it away", async () => {
  expect((await get(proxy.address, "/app1")).status).toBe(404);
  await route(APP1);
  await eventually(async () => {
    expect(await said(proxy.address, "/app1/x?y=1")).toMatchObject({
      task: task.name,
      url: "/app1/x?y=1",
    });
  });
  await control(proxy, "remove", { serviceName: "app1" });
  expect((await get(proxy.address, "/app1")).status).toBe(404);
});

test("a service that does not resolve answers 503 and disturbs no other", async () => {
  await route(APP1);
  await route({ ...APP1, serviceName: "nowhere", servicePath: "/nowhere" });
  expect((await get(proxy.address, "/nowhere")).status).toBe(503);
  await eventually(async () => {
    expect((await said(proxy.address, "/app1")).task).toBe(task.name);
  });
});

test("domains, wildcards, several destinations and overlapping paths find their service", async () => {
  const other = await bench.task("app10");
  await route(APP1);
  await route({ ...APP1, serviceName: "app10", servicePath: "/app10" });
  await route({
    serviceName: "app10",
    "servicePath.1": "/app10",
    "port.1": "8080",
    "serviceDomain.2": "ten.example,*.ten.example",
    "port.2": "8080",
  });
  const taskOf = async (path: string, host: string): Promise<string> =>
    (await said(proxy.address, path, { headers: { host } })).task;
  await eventually(async () => expect(await taskOf("/app10", "any")).toBe(other.name));
  expect(await taskOf("/app1", "any")).toBe(task.name);
  expect(await taskOf("/", "TEN.example:8080")).toBe(other.name);
  expect(await taskOf("/", "www.ten.example")).toBe(other.name);
  for (const host of ["ten.example.evil", "xten.example", "other"]) {
    expect((await get(proxy.address, "/", { headers: { host } })).status).toBe(404);
  }
});

test("what a client says of its address, host and request does not reach the app", async () => {
  await route(APP1);
  const forged = {
    "X-Forwarded-For": "1.2.3.4",
    "x-forwarded-proto": "https",
    "X-Forwarded-Server": "evil",
    "X-Real-IP": "1.2.3.4",
    X_Forwarded_For: "1.2.3.4",
    "X-Forwarded_Proto": "https",
    X_REAL_IP: "1.2.3.4",
    X_Request_Id: "mine",
    Forwarded: "for=1.2.3.4",
    "X-Request-Id": "mine",
    Host: "app.example:8080",
  };
  let got = await get(proxy.address, "/app1");
  await eventually(async () => {
    got = await get(proxy.address, "/app1", { headers: forged });
    expect(got.status).toBe(200);
  });
  const { headers } = JSON.parse(got.text) as { headers: Record<string, string> };
  const gateway = proxy.address.replace(/\d+$/, "1");
  expect(headers).toMatchObject({
    host: "app.example:8080",
    "x-forwarded-for": gateway,
    "x-forwarded-proto": "http",
    "x-forwarded-host": "app.example:8080",
    "x-forwarded-port": "80",
    forwarded: `proto=http;host="app.example:8080";for=${gateway}`,
  });
  expect(Object.keys(headers)).not.toContain("x-real-ip");
  expect(Object.keys(headers)).not.toContain("x-forwarded-server");
  expect(Object.keys(headers).filter((name) => name.includes("_"))).toEqual([]);
  const id = headers["x-request-id"] ?? "";
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(got.headers["x-request-id"]).toBe(id);
  await eventually(async () => {
    const line = (await logsOf(proxy)).requests.find((text) => text.includes(id)) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ status: 200, path: "/app1", client: gateway });
  });
});

test("a client is told to keep a connection for less time than the proxy does, whatever the app says", async () => {
  await route(APP1);
  const agent = new Agent({ keepAlive: true });
  await eventually(async () => {
    const { status, headers } = await get(proxy.address, "/app1", { agent });
    // The app says `timeout=5`, Node.js's own; the proxy's timeout is 10 s.
    expect({ status, said: headers["keep-alive"] }).toEqual({ status: 200, said: "timeout=9" });
  });
  agent.destroy();
});

test("the access log escapes what a client sends and leaves out the query", async () => {
  await exchange(proxy.address, 'GET /quote"\\x?token=secret HTTP/1.1\r\nHost: a"b\r\n\r\n', 300);
  await eventually(async () => {
    const line = (await logsOf(proxy)).requests.find((text) => text.includes("quo")) ?? "{}";
    expect(line).not.toContain("secret");
    expect(JSON.parse(line)).toMatchObject({ host: 'a"b', status: 404 });
  });
});

test("pages of the proxy's own say nothing of what is behind", async () => {
  await route({ ...APP1, serviceName: "nowhere", servicePath: "/nowhere" });
  const pages = [
    await exchange(proxy.address, "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    await exchange(proxy.address, "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    await exchange(proxy.address, "garbage\r\n\r\n"),
    await exchange(proxy.address, "GET / HTTP/1.1\r\nHost: a\r\n", 8000),
    await exchange(proxy.address, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(17_000)}\r\n\r\n`),
  ];
  expect(pages.map((page) => /^HTTP\/1\.1 (\d+)/.exec(page)?.[1])).toEqual([
    "503",
    "404",
    "400",
    "408",
    "400",
  ]);
  for (const page of pages) expect(page).not.toMatch(/haproxy|server:|via:|nowhere/i);
});

test("nobody but a health check sees the health page", async () => {
  expect((await get(proxy.address, "/healthz")).status).toBe(404);
  await docker("exec", proxy.name, "node", "dist/healthcheck.js");
});

/** Makes the crt-list that every configuration names. */
const CERTIFICATE = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/pem -subj /CN=x 2>/dev/null >> /tmp/pem && echo /tmp/pem > ${RENDER.certificateList}`;

test("everything that can be rendered is a valid configuration of this HAProxy", async () => {
  const config = renderConfig(tableOf(EVERYTHING), RENDER);
  await docker(
    ...["run", "--rm", "--label", LABEL, "--network", "none", "--env", `CONFIG=${config}`],
    ...[
      IMAGE,
      "sh",
      "-c",
      `${CERTIFICATE} && printf '%s' "$CONFIG" > /tmp/cfg && haproxy -c -f /tmp/cfg`,
    ],
  );
});
