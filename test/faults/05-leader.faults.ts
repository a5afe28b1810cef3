import { setTimeout as pause } from "node:timers/promises";
import { docker } from "../e2e/support/engine";
import { eventually } from "../e2e/support/eventually";
import { get } from "../e2e/support/page";
import { anotherThan, deafTo, leader, machine, proxyAddressOn, settled } from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";

beforeAll(settled);

test("the leading manager's machine killed fails no request that is sent again", async () => {
  const outcome = await underLoad({
    name: "machine of the leading manager killed",
    times: 2,
    resendBroken: true,
    async inject() {
      await killAndStart(await leader());
      await settled();
    },
  });
  await expectAllServed(outcome);
});

// As happens after a machine's return for up to a minute now and then: its engine has a proxy started before it has heard where tasks run.
test("a manager that is back, but sees no task, gets no request", async () => {
  const outcome = await underLoad({
    name: "machine of the leading manager killed, and back without the others' gossip",
    times: 1,
    resendBroken: true,
    async inject() {
      const victim = await leader();
      const address = await proxyAddressOn(victim);
      const listen = await deafTo(victim);
      try {
        await killAndStart(victim);
        await eventually("a proxy without tasks", { withinMs: 90_000 }, async () => {
          const { status } = await get(`http://${address}/app1`);
          return status === 503 ? true : undefined;
        });
        await pause(8_000); // for the load to find it, if the edge has it do so
        expect((await get(`http://${address}/app1`)).status).toBe(503);
      } finally {
        await listen();
      }
      await settled();
    },
  });
  await expectAllServed(outcome);
});

/** Kills a manager's machine, and starts it once the others call it down. */
async function killAndStart(victim: string): Promise<void> {
  await docker("container", "kill", machine(victim));
  try {
    await eventually("another leader", { withinMs: 60_000 }, async () => {
      const nodes = await anotherThan(victim).nodes();
      return nodes.find(({ name }) => name === victim)?.state === "down" ? true : undefined;
    });
  } finally {
    await docker("container", "start", machine(victim));
  }
}
