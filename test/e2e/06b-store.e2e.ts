import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { containerOf, project, requireCluster, swarm } from "./support/cluster";
import { docker } from "./support/engine";
import { eventually } from "./support/eventually";
import { type Entry, GuestBook } from "./support/guestBook";
import { note } from "./support/note";
import { run } from "./support/run";
import { ephemeral, stack } from "./support/workspace";

interface StoreStatus {
  readonly state: string;
  readonly settled: boolean;
  readonly users: readonly string[];
}

const storeStatus = async (): Promise<StoreStatus> =>
  JSON.parse(
    (await run(join(project.place.folder, "scripts/store/status"), [stack])).stdout,
  ) as StoreStatus;

/** The id of the container of a task, on its node. */
async function containerOfTask(service: string): Promise<{ machine: string; id: string }> {
  const [task] = await swarm.tasks(service);
  if (!task) throw new Error(`${service} has no task`);
  const filter = `name=^${task.name}$`;
  const id = await docker("exec", containerOf(task.node), "docker", "ps", "-q", "--filter", filter);
  if (id === "") throw new Error(`${task.name} has no container on ${task.node}`);
  return { machine: task.node, id };
}

const ids = (entries: readonly Entry[]): string[] => entries.map(({ id }) => id).sort();

describe("the store", () => {
  let book: GuestBook;
  let app1Url: string;
  beforeAll(async () => {
    requireCluster();
    ({ app1Url } = await project.outputs());
    book = new GuestBook(app1Url);
    await eventually("the guest book", { withinMs: 30_000 }, async () => {
      await book.all();
      return true;
    });
  });

  test("is as it should be, says its keeper, and make status shows it", async () => {
    expect(await storeStatus()).toMatchObject({ settled: true, users: ["app1-1"] });
    const { stdout } = await project.make("status");
    expect(stdout).toMatch(/STORE\nmongo-store-1:27017 +\S+/);
    expect(stdout).toContain("users: app1-1");
  });

  test("is on its own worker, with its own volume, under both of its names", async () => {
    const { machine, id } = await containerOfTask("mongo-store-1");
    expect(machine).toBe("worker-1");
    const volumes = await docker("exec", containerOf(machine), "docker", "volume", "ls", "-q");
    expect(volumes.split("\n")).toContain("mongo-data-1");
    const address = await docker(
      ...["exec", containerOf(machine), "docker", "exec", id],
      ...["getent", "ahostsv4", "mongo-store"],
    );
    expect(address).toMatch(/^10\.248\./);
  });

  test("comes back from a backup, and a damaged one changes nothing", async () => {
    const archive = join(ephemeral.workspace, "store.archive");
    rmSync(archive, { force: true });
    const before = await book.all();
    expect((await project.make("backup", { FILE: archive })).output).toMatch(/documents of 1 coll/);

    const later = await book.acknowledged("after the backup", 10_000);
    const damaged = join(ephemeral.workspace, "damaged.archive");
    const bytes = readFileSync(archive);
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 20));
    const refused = await project.tryMake("restore", { FILE: damaged });
    expect(refused.status).not.toBe(0);
    expect(refused.output).toMatch(/damaged\.archive: the archive is (cut off|damaged)/);
    expect(ids(await book.all())).toContain(later);
    const missing = await project.tryMake("restore", { FILE: `${archive}.none` });
    expect(missing.output).toMatch(/store\.archive\.none is not a file/);

    await project.make("restore", { FILE: archive });
    expect(await book.all()).toEqual(before);
    expect(await book.write("after the restore")).toBe(201);
  });

  test("changes its passwords in two steps without a refused request", async () => {
    const statuses = new Map<number, number>();
    let done = false;
    const load = (async () => {
      while (!done) {
        const status = await book.write("rotation").catch(() => 0);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        // The stand-in has no index: every page of the tests to come reads through all that is written here.
        await pause(100);
      }
    })();
    try {
      await project.setConfig("mongoPasswords", "1,2");
      await project.up();
      expect(await storeStatus()).toMatchObject({ settled: true, users: ["app1-1", "app1-2"] });
      await project.setConfig("mongoPasswords", "2");
      await project.up();
      expect(await storeStatus()).toMatchObject({ settled: true, users: ["app1-2"] });
    } finally {
      done = true;
      await load;
    }
    // One that the app had to send to the store twice may have been stored by then: 200 says so.
    expect([...statuses.keys()].filter((status) => ![200, 201].includes(status))).toEqual([]);
    note(`${statuses.get(201)} writes meanwhile`);
    expect(statuses.get(201)).toBeGreaterThan(100);
    expect((await project.preview()).changes).toEqual([]);
  });
});
