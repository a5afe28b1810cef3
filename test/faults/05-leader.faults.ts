import { docker } from "../e2e/support/engine";
import { eventually } from "../e2e/support/eventually";
import { anotherThan, leader, machine, settled } from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";

beforeAll(settled);

test("the leading manager's machine killed fails no request that is sent again", async () => {
  const outcome = await underLoad({
    name: "machine of the leading manager killed",
    times: 2,
    resendBroken: true,
    async inject() {
      const victim = await leader();
      await docker("container", "kill", machine(victim));
      try {
        await eventually("another leader", { withinMs: 60_000 }, async () => {
          const nodes = await anotherThan(victim).nodes();
          return nodes.find(({ name }) => name === victim)?.state === "down" ? true : undefined;
        });
      } finally {
        await docker("container", "start", machine(victim));
      }
      await settled();
    },
  });
  expectAllServed(outcome);
});
