import { eventually } from "../e2e/support/eventually";
import { note } from "../e2e/support/note";
import { serversOut } from "./support/accessLog";
import {
  app1Settled,
  containersOf,
  haproxyProcesses,
  inside,
  managers,
  settled,
  swarm,
  workers,
} from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";

/** A task that died is sent nothing by any proxy after this time. */
const OUT_WITHIN_MS = 3_000;

let processes: string[];
beforeAll(async () => {
  await settled();
  // A master and a worker each, once what an earlier configuration had has ended.
  processes = await eventually("six processes", { withinMs: 60_000 }, async () => {
    const found = await haproxyProcesses();
    return found.length === 6 ? found : undefined;
  });
});

/** Tasks came and went, and no HAProxy was so much as reloaded. */
const expectSameProcesses = async () => expect(await haproxyProcesses()).toEqual(processes);

test("a rolling update of app1 fails no request", async () => {
  const outcome = await underLoad({
    name: "rolling update of app1",
    times: 2,
    async inject() {
      await swarm.docker("service", "update", "--force", "--quiet", "app1");
      await app1Settled(3);
    },
  });
  await expectAllServed(outcome);
  await expectSameProcesses();
});

test("app1 scaled to 1, to 8, to 2 and back fails no request", async () => {
  const outcome = await underLoad({
    name: "app1 scaled to 1, 8, 2, 3",
    times: 2,
    async inject() {
      for (const count of [1, 8, 2, 3]) {
        await swarm.docker("service", "scale", "--detach", `app1=${count}`);
        await app1Settled(count);
      }
    },
  });
  await expectAllServed(outcome);
  await expectSameProcesses();
});

test("a task of app1 killed fails no request, and is out of every proxy within three seconds", async () => {
  const kills: { readonly at: number; readonly over: number }[] = [];
  const outcome = await underLoad({
    name: "task of app1 killed",
    times: 3,
    async inject(round) {
      const victim = (await containersOf("app1", workers))[round - 1];
      if (!victim) throw new Error("fewer tasks of app1 run than there should");
      const at = Date.now();
      await inside(victim.machine, "kill", "--signal", "KILL", victim.id);
      await app1Settled(3);
      kills.push({ at, over: Date.now() });
    },
  });
  await expectAllServed(outcome);
  await expectSameProcesses();

  const out = await serversOut(new Date(kills[0]?.at ?? 0));
  const within = kills.map(({ at, over }) =>
    managers.map((manager) => {
      const first = out.find((notice) => notice.manager === manager && notice.at >= at);
      return first && first.at < over ? first.at - at : Infinity;
    }),
  );
  note(`out of the three proxies after ${within.map((round) => round.join(", ")).join("; ")} ms`);
  for (const round of within) expect(Math.max(...round)).toBeLessThanOrEqual(OUT_WITHIN_MS);
});
