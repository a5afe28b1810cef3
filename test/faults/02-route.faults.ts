import { eventually } from "../e2e/support/eventually";
import { note } from "../e2e/support/note";
import { get } from "../e2e/support/page";
import { proxyAddresses, settled, swarm } from "./support/cluster";
import { createService } from "./support/service";

/** From the moment when a new service's first task is healthy. */
const LIVE_WITHIN_MS = 1_000;
const ROUNDS = [1, 2, 3];

beforeAll(settled);
afterAll(() =>
  Promise.all(
    ROUNDS.map((round) => swarm.docker("service", "rm", `fresh-${round}`).catch(() => "")),
  ),
);

test.each(ROUNDS)(
  "a new route is live at every proxy within a second of its first healthy task (%i)",
  async (round) => {
    const name = `fresh-${round}`;
    const addresses = await proxyAddresses();
    // What each proxy answered, and from when on: no route is 404, a route without a task 503.
    const answers = addresses.map((address) => [address, new Map<number, string>()] as const);
    const live = answers.map(([address, seen]) => {
      let since: number | undefined;
      const probe = async () => {
        const page = await get(`http://${address}/${name}`);
        if (!seen.has(page.status)) seen.set(page.status, new Date().toISOString());
        if (page.task.startsWith(`${name}.1.`)) since ??= Date.now();
      };
      // One that waits for an answer, be it for a lost packet of its own, keeps no other from asking.
      return eventually(`/${name} at ${address}`, { withinMs: 60_000, everyMs: 50 }, () => {
        probe().catch(() => undefined);
        return since;
      });
    });
    await createService({ name, replicas: 1 });
    const times = await Promise.all(live);
    const healthy = await healthySince(name);
    const after = times.map((time) => time - healthy);
    note(`live ${after.join(", ")} ms after the first task was healthy`);
    const late = answers.filter((_, i) => (after[i] ?? Infinity) > LIVE_WITHIN_MS);
    expect(late.map(([address, seen]) => `${address}: ${JSON.stringify([...seen])}`)).toEqual([]);
    await swarm.docker("service", "rm", name);
    // Until then a proxy may still be about to load its configuration anew.
    await eventually(`no /${name}`, { withinMs: 60_000 }, async () => {
      const pages = await Promise.all(addresses.map((address) => get(`http://${address}/${name}`)));
      return pages.every(({ status }) => status === 404) ? true : undefined;
    });
  },
);

/** When the worker's engine said that the service's only task runs, which it does once it is healthy. */
async function healthySince(service: string): Promise<number> {
  const [task] = await swarm.tasks(service);
  const format = ["--type", "task", "--format", "{{.Status.State}} {{.Status.Timestamp}}"];
  const said = await swarm.docker("inspect", ...format, task?.id ?? "");
  // As Go prints a time: 2026-11-21 12:57:32.123456789 +0000 UTC.
  const [, day, time] = /^running (\S+) (\S{12})/.exec(said) ?? [];
  if (time === undefined) throw new Error(`the task of ${service} does not run: ${said}`);
  return Date.parse(`${day}T${time}Z`);
}
