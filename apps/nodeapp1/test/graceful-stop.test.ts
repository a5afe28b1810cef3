import { Agent } from "node:http";
import type { Response } from "express";
import { get, startApp, until, type TestApp } from "./harness";

const DRAIN_DELAY_MS = 200;

/** An app whose `/app1/slow` answers when told to, and `/app1/stream` has its headers sent before. */
async function startSlow(env: Record<string, string> = {}) {
  const waiting: Response[] = [];
  const app = await startApp(
    { DRAIN_DELAY_MS: String(DRAIN_DELAY_MS), ...env },
    (req, res, next) => {
      if (req.path === "/slow") waiting.push(res);
      else if (req.path === "/stream") {
        res.write("first ");
        waiting.push(res);
      } else next();
    },
  );
  return { app, waiting, release: () => waiting.splice(0).forEach((res) => res.end("done")) };
}

const refused = (app: TestApp) =>
  get(app.port, "/app1").then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
  );

test("readiness first, then no new connections, then the requests in flight", async () => {
  const { app, waiting, release } = await startSlow();
  const slow = get(app.port, "/app1/slow", { agent: new Agent({ keepAlive: true }) });
  await until(() => waiting.length === 1);

  const start = Date.now();
  let stopped = false;
  const stop = app.stop().then(() => (stopped = true));

  // While the proxies find out, everything else is served as before, on connections that end.
  const ready = await get(app.port, "/app1/health/ready", {
    agent: new Agent({ keepAlive: true }),
  });
  expect(ready).toMatchObject({ status: 503, body: '{"status":"draining","database":"none"}' });
  expect(ready.headers.connection).toBe("close");
  expect((await get(app.port, "/app1/health/live")).status).toBe(200);
  expect((await get(app.port, "/app1")).status).toBe(200);

  await until(() => refused(app));
  expect(Date.now() - start).toBeGreaterThanOrEqual(DRAIN_DELAY_MS - 5);
  expect(stopped).toBe(false);

  release();
  const reply = await slow;
  expect(reply).toMatchObject({ status: 200, body: "done" });
  expect(reply.headers.connection).toBe("close");
  await stop;
});

test("idle keep-alive connections do not hold up the stop", async () => {
  const { app } = await startSlow({ DRAIN_DELAY_MS: "0" });
  const agent = new Agent({ keepAlive: true });
  const reply = await get(app.port, "/app1", { agent });
  expect(reply.headers.connection).toBe("keep-alive");
  expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
  await app.stop();
});

test("nor do connections whose response began before the stop", async () => {
  const { app, waiting, release } = await startSlow({ DRAIN_DELAY_MS: "0" });
  const stream = get(app.port, "/app1/stream", { agent: new Agent({ keepAlive: true }) });
  await until(() => waiting.length === 1);
  const stop = app.stop();
  await until(() => refused(app));
  release();
  expect((await stream).body).toBe("first done");
  await stop;
});

test("a request that never ends is cut off after the timeout", async () => {
  const { app, waiting } = await startSlow({ DRAIN_DELAY_MS: "0", SHUTDOWN_TIMEOUT_MS: "50" });
  const slow = get(app.port, "/app1/slow");
  slow.catch(() => undefined);
  await until(() => waiting.length === 1);
  await app.stop();
  await expect(slow).rejects.toThrow("socket hang up");
  expect(app.logs).toContainEqual(
    expect.objectContaining({ level: "warn", inFlight: 1 }) as Record<string, unknown>,
  );
});

test("stopping twice is stopping once", async () => {
  const { app } = await startSlow({ DRAIN_DELAY_MS: "0" });
  await Promise.all([app.stop(), app.stop()]);
  expect(app.logs.filter(({ message }) => message === "stopped")).toHaveLength(1);
});

test("keep-alive outlives the proxy's idle timeout", async () => {
  const { app } = await startSlow({ DRAIN_DELAY_MS: "0" });
  const reply = await get(app.port, "/app1", { agent: new Agent({ keepAlive: true }) });
  expect(reply.headers["keep-alive"]).toBe("timeout=65");
  await app.stop();
});
