import { eventually } from "../e2e/support/eventually";
import { openLoad } from "../e2e/support/load";
import { get } from "../e2e/support/page";
import {
  containersOf,
  inside,
  managers,
  outputs,
  proxiesSettled,
  settled,
  swarm,
} from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";
import { record } from "./support/results";
import { createService } from "./support/service";

beforeAll(settled);
afterAll(() => swarm.docker("service", "rm", "slow").catch(() => ""));

/** A request that takes longer than a proxy that stops takes new ones. */
const SLOW_MS = 7_000;
const SLOW_SERVER = `require("http").createServer((_, answer) => setTimeout(() => answer.end("at last"), ${SLOW_MS})).listen(8080)`;

test("proxies stopped gracefully, one after another, fail no request, were it a slow one", async () => {
  await createService({ name: "slow", replicas: 1, command: ["node", "-e", SLOW_SERVER] });
  const url = `${(await outputs()).proxyUrl}/slow`;
  await eventually("the slow service", { withinMs: 60_000 }, async () =>
    (await get(url, SLOW_MS + 2_000)).body === "at last" ? true : undefined,
  );
  const outcome = await underLoad({
    name: "proxies restarted by a rolling update",
    times: 1,
    async inject() {
      const slow = openLoad({
        ...{ url, contains: "at last", perSecond: 4 },
        answerWithinMs: SLOW_MS + 10_000,
      });
      try {
        await swarm.restart("proxy");
        await proxiesSettled();
      } finally {
        await slow.stop();
      }
      const report = await slow.stop();
      record(`the same, requests of ${SLOW_MS / 1000} s`, 1, report);
      expect(report.failures.slice(0, 10)).toEqual([]);
    },
  });
  await expectAllServed(outcome);
});

test("a proxy killed breaks its own connections, and fails no request that is sent again", async () => {
  const outcome = await underLoad({
    name: "proxy killed",
    times: 3,
    resendBroken: true,
    async inject(round) {
      const [victim] = await containersOf("proxy", managers.slice(round - 1, round));
      if (!victim) throw new Error(`no proxy runs on ${managers[round - 1]}`);
      await inside(victim.machine, "kill", "--signal", "KILL", victim.id);
      await proxiesSettled();
    },
  });
  await expectAllServed(outcome);
});
