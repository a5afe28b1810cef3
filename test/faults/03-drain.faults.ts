import { lines } from "../e2e/support/engine";
import { containersOf, haproxyProcesses, inside, settled, swarm, workers } from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";
import { project, stack } from "./support/workspace";
import { attempt } from "../e2e/support/run";

const command = (name: string, machine: string) =>
  attempt("make", [name, `STACK=${stack}`, `MACHINE=${machine}`], {
    cwd: project.place.folder,
    env: project.place.env,
  });

const availability = async (machine: string) =>
  (await swarm.nodes()).find(({ name }) => name === machine)?.availability;

beforeAll(settled);
afterAll(() =>
  Promise.all(workers.map((name) => swarm.docker("node", "update", "--availability=active", name))),
);

test("workers drained one after another fail no request, and the state stays as it is", async () => {
  const [before, processes] = [await project.fingerprint(), await haproxyProcesses()];
  const outcome = await underLoad({
    name: "worker drained by `make drain`",
    times: 2,
    async inject(round) {
      const worker = workers[round - 1] ?? "";
      const drained = await command("drain", worker);
      expect(drained).toMatchObject({ status: 0 });
      expect(drained.output).toContain(`make activate MACHINE=${worker}`);
      expect(await availability(worker)).toBe("drain");
      expect(await containersOf("app1", [worker])).toEqual([]);
      expect(lines(await inside(worker, "ps", "--quiet"))).toEqual([]);
      expect(await swarm.runningTasks("app1", 3)).toBeDefined();
      expect(await command("activate", worker)).toMatchObject({ status: 0 });
      expect(await availability(worker)).toBe("active");
    },
  });
  await expectAllServed(outcome);
  expect(await haproxyProcesses()).toEqual(processes);
  expect(await project.fingerprint()).toBe(before);
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
});

test("a machine that does not exist is refused by name", async () => {
  const { status, output } = await command("drain", "worker-9");
  expect(status).not.toBe(0);
  expect(output).toMatch(/no machine worker-9: the swarm has logger-1, manager-1, .*worker-3/);
});

test("the last worker that can hold the tasks is refused, and keeps them", async () => {
  for (const worker of ["worker-2", "worker-3"]) {
    await swarm.docker("node", "update", "--availability", "pause", worker);
  }
  const before = await containersOf("app1", workers);
  const { status, output } = await command("drain", "worker-1").finally(async () => {
    for (const worker of ["worker-2", "worker-3"]) {
      await swarm.docker("node", "update", "--availability", "active", worker);
    }
  });
  expect(status).not.toBe(0);
  expect(output).toMatch(
    /cannot hold what runs on worker-1: app1: no other machine is ready and active/,
  );
  expect(await containersOf("app1", workers)).toEqual(before);
  expect(await availability("worker-1")).toBe("active");
});
