import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { once } from "node:events";

import { control, eventually, get } from "./client";
import { Bench, type Container, docker, logsOf } from "./docker";

const SERVICES = 500;

const bench = new Bench();
let proxy: Container;
let listener: Server;
let asked = 0;
const services = Array.from({ length: SERVICES }, (_, i) => ({
  serviceName: `s${i}`,
  servicePath: `/s${i}`,
  port: "8080",
  replicas: "2",
  healthPath: "/ready",
  createdAt: `2026-01-01T00:00:00.${String(i).padStart(9, "0")}Z`,
  notify: "true",
}));

beforeAll(async () => {
  const { gateway } = await bench.addNetwork();
  listener = createServer((_req, res) => {
    asked += 1;
    res.end(JSON.stringify(services));
  });
  listener.listen(0, gateway);
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const environment = { LISTENER_ADDRESS: `${gateway}:${port}`, RECONCILE_INTERVAL: "500" };
  [proxy] = await Promise.all([bench.proxy({ environment }), bench.task("late")]);
  await eventually(async () => {
    expect((await control(proxy, "successfulinitreload")).status).toBe(200);
  }, 30_000);
}, 60_000);

afterAll(async () => {
  listener.close();
  await bench.remove();
});

/** Megabytes of all processes, shared pages counted once. */
async function memory(): Promise<number> {
  const text = await docker("exec", proxy.name, "sh", "-c", "cat /proc/[0-9]*/smaps_rollup");
  const sizes = [...text.matchAll(/^Pss: +(\d+) kB$/gm)].map(([, kB]) => Number(kB));
  return sizes.reduce((sum, kB) => sum + kB, 0) / 1024;
}

test(`among ${SERVICES} services a change is live within 2 s, and all of it takes less than 150 MB`, async () => {
  const took: number[] = [];
  for (let i = 0; i < 5; i++) {
    const parameters = {
      serviceName: "late",
      servicePath: `/late${i}`,
      port: "8080",
      replicas: "1",
    };
    const begun = performance.now();
    expect((await control(proxy, "reconfigure", parameters)).status).toBe(200);
    await eventually(async () => {
      expect((await get(proxy.address, `/late${i}`)).status).not.toBe(404);
    });
    took.push(performance.now() - begun);
  }
  const megabytes = await memory();
  process.stdout.write(
    `${SERVICES} services: changes live after ${took.map((ms) => ms.toFixed(0)).join(", ")} ms; ${megabytes.toFixed(0)} MB\n`,
  );
  // The median: others may keep the machine busy for a moment.
  expect(took.sort((a, b) => a - b)[2]).toBeLessThan(2000);
  expect(megabytes).toBeLessThan(150);
});

test("a list that does not differ loads nothing, and one that differs a little loads once", async () => {
  const loads = async (): Promise<number> =>
    (await logsOf(proxy)).control.filter((line) => line.includes("configuration loaded")).length;
  const before = await loads();
  services.push({
    ...services[0],
    serviceName: "more",
    servicePath: "/more",
  } as (typeof services)[0]);
  services.splice(0, 10);
  await eventually(async () => {
    expect((await get(proxy.address, "/s0")).status).toBe(404);
    expect((await get(proxy.address, "/more")).status).toBe(503);
  });
  // The new process serves before the log says so.
  await eventually(async () => expect(await loads()).toBeGreaterThan(before));
  const looks = asked;
  await eventually(() => expect(asked).toBeGreaterThan(looks + 3));
  expect(await loads()).toBe(before + 1);
});
