import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { docker, lines, objects } from "./support/engine";
import { eventually } from "./support/eventually";
import { inARow } from "./support/page";
import { markedProcesses, markedProcessesEnd } from "./support/processes";
import { Project, SMALL_STACK } from "./support/project";
import { SwarmView } from "./support/swarm";
import { cutStack, ephemeral } from "./support/workspace";

const project = new Project(cutStack, ephemeral.place());
const swarm = new SwarmView(cutStack);
const manager = `swarm-${cutStack}-manager-1`;

const there = async (...args: string[]): Promise<true | undefined> =>
  lines(await docker(...args)).length > 0 ? true : undefined;

/** The points at which `up` is cut off, each seen from outside. */
const POINTS: readonly [string, NodeJS.Signals, () => Promise<true | undefined>][] = [
  [
    "it has begun",
    "SIGKILL",
    () => there("network", "ls", "-q", "--filter", `name=swarm-${cutStack}`),
  ],
  [
    "a machine is made",
    "SIGKILL",
    () => there("container", "ls", "-q", "--filter", `name=${manager}`),
  ],
  [
    "the swarm is made",
    "SIGKILL",
    async () => {
      const state = await docker(
        "exec",
        manager,
        "docker",
        "info",
        "--format",
        "{{.Swarm.LocalNodeState}}",
      );
      return state === "active" ? true : undefined;
    },
  ],
  [
    "networks are made",
    "SIGINT",
    async () => ((await swarm.docker("network", "ls")).includes("main") ? true : undefined),
  ],
  [
    "services are made",
    "SIGKILL",
    async () => (lines(await swarm.docker("service", "ls", "-q")).length > 0 ? true : undefined),
  ],
];

describe("up cut off at any point", () => {
  beforeAll(() => {
    writeFileSync(join(ephemeral.clone, `Pulumi.${cutStack}.yaml`), SMALL_STACK);
  });

  test.each(POINTS)(
    "once %s, by %s, leaves what another run can go on from",
    async (what, signal, reached) => {
      const up = project.startMake("up");
      let ended = false;
      void up.done.then(() => (ended = true));
      await eventually(what, { withinMs: 240_000, everyMs: 30 }, async () => {
        if (ended) return true;
        return reached();
      });
      expect(ended).toBe(false);
      expect(markedProcesses(ephemeral.mark)).not.toEqual([]);
      up.signal(signal);
      const { status } = await up.done;
      expect(status).not.toBe(0);
    },
  );

  test("is finished by running it again", async () => {
    await project.make("up");
    const { app1Url } = await project.outputs();
    expect(await inARow(app1Url, 3, (page) => page.body.includes("Hello World!"))).toBe(true);
    expect((await swarm.nodes()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      "manager-1 ready",
      "worker-1 ready",
    ]);
    const { changes, counts } = await project.preview();
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
  });

  test("is undone by make down, with nothing left", async () => {
    await project.make("down");
    expect(objects(cutStack)).toEqual([]);
    await markedProcessesEnd(ephemeral.mark, 5_000);
  });
});
