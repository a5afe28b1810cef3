import { get, startApp, until, type TestApp } from "./harness";

const FORWARDED = {
  "X-Forwarded-For": "203.0.113.9",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "shop.example",
};
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function startEcho(trustProxy?: string): Promise<TestApp> {
  return startApp(trustProxy === undefined ? {} : { TRUST_PROXY: trustProxy }, (req, res, next) => {
    if (req.path !== "/echo") return next();
    res.json({ ip: req.ip, protocol: req.protocol, host: req.host });
  });
}

async function loggedClient(app: TestApp, id: unknown): Promise<unknown> {
  const find = () => app.logs.find(({ requestId }) => requestId === id);
  await until(() => find() !== undefined);
  return find()?.["client"];
}

describe("X-Forwarded-*", () => {
  test("of a trusted proxy is believed, by the mounted and by the outer instance", async () => {
    const app = await startEcho("10.248.0.0/20,loopback");
    const reply = await get(app.port, "/app1/echo", { headers: FORWARDED });
    expect(JSON.parse(reply.body)).toEqual({
      ip: "203.0.113.9",
      protocol: "https",
      host: "shop.example",
    });
    expect(await loggedClient(app, reply.headers["x-request-id"])).toBe("203.0.113.9");
  });

  test.each([undefined, "none", "10.0.0.0/8"])(
    "of anyone else is ignored (TRUST_PROXY=%s)",
    async (trustProxy) => {
      const app = await startEcho(trustProxy);
      const reply = await get(app.port, "/app1/echo", { headers: FORWARDED });
      expect(JSON.parse(reply.body)).toEqual({
        ip: "::ffff:127.0.0.1",
        protocol: "http",
        host: `127.0.0.1:${app.port}`,
      });
      expect(await loggedClient(app, reply.headers["x-request-id"])).toBe("::ffff:127.0.0.1");
    },
  );

  test("what the client put before the proxy's own entry is ignored", async () => {
    const app = await startEcho("loopback");
    const headers = { "X-Forwarded-For": "10.9.9.9, 203.0.113.9" };
    const reply = await get(app.port, "/app1/echo", { headers });
    expect(JSON.parse(reply.body)).toMatchObject({ ip: "203.0.113.9" });
  });
});

describe("X-Request-Id", () => {
  test.each(["a", "7f9c24e8-3b12-4f6a", "A.b_c:9", "x".repeat(128)])(
    "%s of the proxy is kept",
    async (id) => {
      const app = await startEcho("loopback");
      const reply = await get(app.port, "/app1", { headers: { "X-Request-Id": id } });
      expect(reply.headers["x-request-id"]).toBe(id);
      await until(() => app.logs.some(({ requestId }) => requestId === id));
    },
  );

  test.each(["", "with space", "<script>", "ä", "x".repeat(129)])("%j is replaced", async (id) => {
    const app = await startEcho("loopback");
    const reply = await get(app.port, "/app1", { headers: { "X-Request-Id": id } });
    expect(reply.headers["x-request-id"]).toMatch(UUID);
  });

  test("of anyone but the proxy is replaced", async () => {
    const app = await startEcho("none");
    const reply = await get(app.port, "/app1", { headers: { "X-Request-Id": "forged" } });
    expect(reply.headers["x-request-id"]).toMatch(UUID);
  });

  test("is new for every request", async () => {
    const app = await startEcho();
    const ids = await Promise.all([1, 2, 3].map(() => get(app.port, "/app1")));
    expect(new Set(ids.map(({ headers }) => headers["x-request-id"])).size).toBe(3);
  });
});

test("the log has the path and neither query nor header", async () => {
  const app = await startEcho();
  const headers = { Cookie: "session=hunter2", Authorization: "Bearer hunter2" };
  const reply = await get(app.port, "/app1?token=hunter2", { headers });
  const id = reply.headers["x-request-id"];
  await until(() => app.logs.some(({ requestId }) => requestId === id));
  const line = app.logs.find(({ requestId }) => requestId === id);
  expect(line).toMatchObject({ method: "GET", path: "/app1", status: 200 });
  expect(line?.["durationMs"]).toBeGreaterThan(0);
  expect(JSON.stringify(app.logs)).not.toContain("hunter2");
});
