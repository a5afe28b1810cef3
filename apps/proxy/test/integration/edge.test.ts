import { APP1 } from "../support";
import { control, eventually, exchange, get } from "./client";
import { Bench, type Container, docker } from "./docker";

/* The host is the edge of the first proxy and a stranger to the second. */

/** How long it serves on once it is told to stop: time enough for what is looked at meanwhile. */
const DRAIN_MS = 8_000;

const bench = new Bench();
let edged: Container;
let unedged: Container;
let gateway: string;

beforeAll(async () => {
  ({ gateway } = await bench.addNetwork());
  await bench.task("app1");
  edged = await bench.proxy({
    environment: { EDGE_ADDRESSES: gateway, DRAIN_DELAY_MS: String(DRAIN_MS) },
  });
  unedged = await bench.proxy({ environment: { EDGE_ADDRESSES: "192.0.2.1,192.0.2.128/25" } });
  for (const proxy of [edged, unedged]) {
    await eventually(async () => {
      expect((await control(proxy, "reconfigure", APP1)).status).toBe(200);
    });
  }
}, 60_000);

afterAll(() => bench.remove());

const GET = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
const PROXY_V1 = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 443\r\n";

/** PROXY protocol version 2, command LOCAL: a health check of the sender's own. */
const LOCAL_V2 = Buffer.concat([
  Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"),
  Buffer.from([0x20, 0x00, 0x00, 0x00]),
]);

function local(path: string, proxy = edged): Promise<string> {
  return exchange(proxy.address, Buffer.concat([LOCAL_V2, Buffer.from(GET(path))]));
}

const bodyOf = (answer: string): Record<string, Record<string, string>> =>
  JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? "{}") as Record<string, Record<string, string>>;

test("the edge says who the client is", async () => {
  await eventually(async () => {
    const answer = await exchange(edged.address, PROXY_V1 + GET("/app1"));
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(bodyOf(answer)["headers"]).toMatchObject({
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-port": "443",
    });
  });
});

test("the edge must speak PROXY protocol", async () => {
  expect(await exchange(edged.address, GET("/app1"))).not.toContain("200 OK");
});

test("nobody else can speak PROXY protocol", async () => {
  expect(await exchange(unedged.address, PROXY_V1 + GET("/app1"))).toMatch(/^HTTP\/1\.1 400/);
  expect((await get(unedged.address, "/app1")).status).toBe(200);
});

test("the edge's own check is answered, a client's through the edge is not", async () => {
  expect(await local("/healthz")).toMatch(/^HTTP\/1\.1 200/);
  expect(await exchange(edged.address, PROXY_V1 + GET("/healthz"))).toMatch(/^HTTP\/1\.1 404/);
  expect((await get(unedged.address, "/healthz")).status).toBe(404);
});

test("the edge's check fails while no task of any service is in sight", async () => {
  const proxy = await bench.proxy({ environment: { EDGE_ADDRESSES: gateway } });
  const check = () => local("/healthz", proxy);
  await eventually(async () => expect(await check()).toMatch(/^HTTP\/1\.1 200/));
  // HAProxy answers before the control API listens.
  await eventually(async () => expect((await control(proxy, "ping")).status).toBe(200));
  await control(proxy, "reconfigure", { ...APP1, serviceName: "away", servicePath: "/away" });
  await eventually(async () => expect(await check()).toMatch(/^HTTP\/1\.1 503/));
  await control(proxy, "reconfigure", APP1);
  await eventually(async () => expect(await check()).toMatch(/^HTTP\/1\.1 200/));
});

test("SIGTERM fails the check, serves on for the drain delay, ends what is under way and exits 0", async () => {
  const slow = exchange(edged.address, PROXY_V1 + GET("/app1?ms=9500"), 20_000);
  await eventually(async () => {
    // Its request has arrived.
    const { text } = await get(unedged.address, "/app1/seen");
    expect(text).toContain("ms=9500");
  });
  const start = performance.now();
  const stopped = docker("stop", "-t", "30", edged.name);
  await eventually(async () => expect(await local("/healthz")).toMatch(/^HTTP\/1\.1 404/), 5000);
  const during = await exchange(
    edged.address,
    PROXY_V1 + GET("/app1").replace(": close", ": keep-alive"),
  );
  expect(during).toMatch(/^HTTP\/1\.1 200/);
  expect(during.toLowerCase()).toContain("connection: close");
  expect((await control(edged, "ping")).status).toBe(200);
  expect(performance.now() - start).toBeLessThan(DRAIN_MS - 100);
  expect(await slow).toMatch(/^HTTP\/1\.1 200/);
  await stopped;
  expect(performance.now() - start).toBeGreaterThanOrEqual(DRAIN_MS);
  expect(performance.now() - start).toBeLessThan(DRAIN_MS + 8_000);
  expect(await docker("inspect", "-f", "{{.State.ExitCode}}", edged.name)).toBe("0");
});
