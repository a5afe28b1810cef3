import { docker } from "../e2e/support/engine";
import { GuestBook } from "../e2e/support/guestBook";
import { note } from "../e2e/support/note";
import {
  containersOf,
  inside,
  machine,
  managers,
  outputs,
  settled,
  swarm,
  workers,
} from "./support/cluster";
import { Ledger } from "./support/ledger";

beforeAll(settled);

/** How long the guest book may take no writes: the store comes back with its machine. */
const AWAY_MS = 180_000;

/** Ends all tasks of a service at once, with SIGKILL; the swarm makes others. */
async function killTasks(service: string, on: readonly string[] = workers): Promise<void> {
  const victims = await containersOf(service, on);
  expect(victims).not.toEqual([]);
  await Promise.all(
    victims.map(({ machine: name, id }) => inside(name, "kill", "--signal", "KILL", id)),
  );
}

async function killMachine(name: string): Promise<void> {
  await docker("container", "kill", machine(name));
  await docker("container", "start", machine(name));
}

test("what was acknowledged is what is stored, once, while app, store and a worker are killed", async () => {
  const [{ node: home } = { node: "" }] = await swarm.tasks("mongo-store-1");
  const steps: readonly (() => Promise<unknown>)[] = [
    () => killTasks("app1"),
    () => Promise.all([killTasks("mongo-store-1"), killTasks("mongo-keeper", managers)]),
    () => Promise.all([swarm.restart("mongo-store-1"), swarm.restart("app1")]),
    () => killMachine(home),
  ];
  const ledger = new Ledger(new GuestBook((await outputs()).app1Url));
  await ledger.goesOn(30_000);
  for (const step of steps) {
    await step();
    await ledger.goesOn(AWAY_MS);
  }
  const { lost, surplus, ...counts } = await ledger.stop();
  note(
    `${counts.acknowledged} writes acknowledged, ${counts.resent} sent again, ` +
      `${counts.found} of them stored already`,
  );
  expect({ lost: lost.slice(0, 10), surplus: surplus.slice(0, 10) }).toEqual({
    lost: [],
    surplus: [],
  });
  expect(counts.acknowledged).toBeGreaterThan(100);
  // Nothing to tell by where no write met a fault.
  expect(counts.resent).toBeGreaterThan(0);
  await settled();
});
