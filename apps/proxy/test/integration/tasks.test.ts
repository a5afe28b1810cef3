import { setTimeout as sleep } from "node:timers/promises";

import { APP1 } from "../support";
import { control, eventually, get, Load, said } from "./client";
import { Bench, type Container, docker, logsOf, several } from "./docker";

const bench = new Bench();
let proxy: Container;

/** The tasks of app1 that outlive each test. */
const living: Container[] = [];

const SERVICE = { ...APP1, healthPath: "/app1/ready" };

beforeAll(async () => {
  await bench.addNetwork();
  proxy = await bench.proxy();
  await eventually(async () => {
    expect((await control(proxy, "reconfigure", SERVICE)).status).toBe(200);
  });
}, 60_000);

afterAll(() => bench.remove());

/** Process ids of HAProxy in the proxy's container. */
async function haproxies(): Promise<string> {
  const script = `cd /proc; for p in [0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = haproxy ] && echo $p; done; true`;
  return docker("exec", proxy.name, "sh", "-c", script);
}

async function untilServedBy(count: number, path = "/app1", timeoutMs = 15_000): Promise<void> {
  await eventually(async () => {
    const tasks = new Set<string>();
    for (let i = 0; i < count * 2; i++) tasks.add((await said(proxy.address, path)).task);
    expect(tasks.size).toBe(count);
  }, timeoutMs);
}

/**
 * Milliseconds from now until no request meets the task any more; gives up after 10 s. One without an answer counts as a
 * request that met it, unless the task itself `answers`.
 */
async function untilLeft(task: Container, answers = false): Promise<number> {
  const start = performance.now();
  let last = start;
  while (performance.now() - last < 2000 && performance.now() - start < 10_000) {
    const asked = performance.now();
    const answer = await said(proxy.address, "/app1", { timeoutMs: 250 }).catch(() => undefined);
    if (answer === undefined ? !answers : answer.task === task.name) last = asked;
    await sleep(5);
  }
  return last - start;
}

test("a rolling update loses no request, and HAProxy is not reloaded for it", async () => {
  const old = await several(3, () => bench.task("app1"));
  await untilServedBy(3);
  const before = await haproxies();
  const load = new Load(proxy.address, "/app1");
  for (const task of old) {
    const next = await bench.task("app1");
    living.push(next);
    await eventually(() => expect(load.tasks.get(next.name) ?? 0).toBeGreaterThan(0));
    await docker("stop", "-t", "20", task.name);
  }
  const { failures, requests } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(1000);
  expect(await haproxies()).toBe(before);
  await untilServedBy(3);
});

test("a task that turns unready is left within 2 s", async () => {
  const task = await bench.task("app1");
  await untilServedBy(4);
  const { status } = await fetch(`http://${task.address}:8080/app1/unready`);
  expect(status).toBe(200);
  expect(await untilLeft(task, true)).toBeLessThan(2000);
  await docker("rm", "-f", task.name);
});

test("a task that is killed loses no idempotent request and is left within 3 s", async () => {
  const task = await bench.task("app1");
  await untilServedBy(4);
  const load = new Load(proxy.address, "/app1?ms=20");
  await eventually(() => expect(load.tasks.get(task.name) ?? 0).toBeGreaterThan(5));
  await docker("kill", "-s", "KILL", task.name);
  expect(await untilLeft(task)).toBeLessThan(3000);
  expect((await load.stop()).failures).toEqual([]);
});

test("a task that falls silent is left within 8 s", async () => {
  const task = await bench.task("app1");
  await untilServedBy(4);
  await docker("pause", task.name);
  expect(await untilLeft(task)).toBeLessThan(8000);
  await docker("rm", "-f", task.name);
});

test("a request that a task died over goes to another task if it is idempotent, and only then", async () => {
  await untilServedBy(3);
  const [victim, ...others] = living;
  const query = `task=${victim?.name}`;
  for (let i = 0; i < 6; i++) {
    const { task } = await said(proxy.address, `/app1/drop-on?${query}&get=${i}`);
    expect(task).not.toBe(victim?.name);
  }
  const statuses = new Set<number>();
  for (let i = 0; i < 6; i++) {
    const path = `/app1/drop-on?${query}&post=${i}`;
    statuses.add((await get(proxy.address, path, { method: "POST" })).status);
  }
  expect(statuses).toEqual(new Set([200, 502]));
  const seen = await Promise.all(
    [victim, ...others].map(async (task) => {
      const response = await fetch(`http://${task?.address}:8080/app1/seen`);
      return (await response.json()) as string[];
    }),
  );
  expect(seen.flat().filter((line) => line.startsWith("POST"))).toHaveLength(6);
  expect(seen.flat().filter((line) => line.includes("&get=")).length).toBeGreaterThan(6);
  await eventually(async () => {
    const lines = (await logsOf(proxy)).requests.filter((line) => line.includes("/drop-on"));
    const retries = lines.map((line) => (JSON.parse(line) as { retries: number }).retries);
    expect(new Set(retries)).toEqual(new Set([0, 1]));
  });
});

test("reloads under load lose no request", async () => {
  await untilServedBy(3);
  const before = await haproxies();
  const load = new Load(proxy.address, "/app1?ms=10");
  for (let i = 0; i < 10; i++) {
    const name = `extra${i}`;
    const { status } = await control(proxy, "reconfigure", {
      ...APP1,
      serviceName: name,
      servicePath: `/${name}`,
    });
    expect(status).toBe(200);
  }
  const { failures, requests } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(1000);
  expect(await haproxies()).not.toBe(before);
}, 60_000);

test("requests that come at once share a reload", async () => {
  const reloads = async (): Promise<number> =>
    (await logsOf(proxy)).control.filter((line) => line.includes("configuration loaded")).length;
  const before = await reloads();
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      control(proxy, "reconfigure", { ...APP1, serviceName: `bulk${i}`, servicePath: `/bulk${i}` }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect((await reloads()) - before).toBeLessThanOrEqual(4);
});

test("40 tasks all get requests, without a reload as they come", async () => {
  await control(proxy, "reconfigure", {
    ...APP1,
    serviceName: "many",
    servicePath: "/many",
    replicas: "40",
  });
  const before = await haproxies();
  const tasks = await several(40, () => bench.lightTask("many"));
  const seen = new Set<string>();
  await eventually(async () => {
    for (let i = 0; i < 80; i++) seen.add((await get(proxy.address, "/many")).text);
    expect([...seen].filter((text) => text.startsWith(bench.id))).toHaveLength(40);
  });
  expect(await haproxies()).toBe(before);
  expect(tasks).toHaveLength(40);
}, 120_000);
