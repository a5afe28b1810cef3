import { attempt } from "../e2e/support/run";
import { docker, lines } from "../e2e/support/engine";
import { eventually } from "../e2e/support/eventually";
import { machine, settled, swarm } from "./support/cluster";
import { underLoad } from "./support/fault";
import { project, stack } from "./support/workspace";

beforeAll(settled);

const make = (target: string, ...variables: string[]) =>
  attempt("make", [target, `STACK=${stack}`, ...variables], {
    cwd: project.place.folder,
    env: project.place.env,
  });

/** Every manager's part in the quorum, as the swarm lists it. */
const statuses = async () =>
  lines(
    await swarm.docker("node", "ls", "--filter", "role=manager", "--format", "{{.ManagerStatus}}"),
  );

/** Whether manager-1 has no leader, or leads and reaches nobody. The client may wait for a leader for ever. */
async function quorumLost(): Promise<true | undefined> {
  const list = [
    "docker",
    "node",
    "ls",
    "--filter",
    "role=manager",
    "--format",
    "{{.ManagerStatus}}",
  ];
  try {
    const seen = lines(await docker("exec", machine("manager-1"), "timeout", "8", ...list));
    return seen.filter((status) => status === "Unreachable").length === 2 ? true : undefined;
  } catch {
    return true;
  }
}

test("two of three managers gone for good: refused by name, recovered, and made again by up", async () => {
  const [before, cluster] = [await project.fingerprint(), await swarmId()];
  // What fails while manager-1 forms a quorum of its own is counted, and no promise is made of it.
  await underLoad({
    name: "two of three managers lost with their disks, `make recover`, `make up`",
    times: 1,
    resendBroken: true,
    async inject() {
      const lost = ["manager-2", "manager-3"].map(machine);
      await docker("container", "rm", "--force", "--volumes", ...lost);
      await docker("volume", "rm", ...lost);
      await eventually("manager-1 to miss them", { withinMs: 60_000 }, quorumLost);

      for (const target of ["preview", "refresh", "up"]) {
        const { status, output } = await make(target);
        expect(status).not.toBe(0);
        expect(output).toContain(`not running: ${lost.join(" ")}): too few are left for a quorum`);
        expect(output).toContain(`make recover STACK=${stack}`);
      }
      expect(await project.fingerprint()).toBe(before);

      const unconfirmed = await make("recover");
      expect(unconfirmed.status).not.toBe(0);
      expect(unconfirmed.output).toMatch(/CONFIRM=… that it is to be one of: manager-1\n/);

      expect(await make("recover", "CONFIRM=manager-1")).toMatchObject({ status: 0 });
      expect(await statuses()).toEqual(["Leader"]);
      expect(await make("up")).toMatchObject({ status: 0 });
      expect((await statuses()).sort()).toEqual(["Leader", "Reachable", "Reachable"]);
    },
  });
  expect(await swarmId()).toBe(cluster);
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
});

test("a swarm that has its quorum is not recovered", async () => {
  const { status, output } = await make("recover", "CONFIRM=manager-1");
  expect(status).not.toBe(0);
  expect(output).toContain("there is nothing to recover");
  expect(await statuses()).toHaveLength(3);
});

const swarmId = () => swarm.docker("info", "--format", "{{.Swarm.Cluster.ID}}");
