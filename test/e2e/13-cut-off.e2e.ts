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

/** Starts `make TARGET`, and cuts it off once a point is reached. */
async function cutOff(
  target: string,
  signal: NodeJS.Signals,
  what: string,
  reached: () => Promise<true | undefined>,
): Promise<void> {
  const running = project.startMake(target);
  let ended = false;
  void running.done.then(() => (ended = true));
  await eventually(what, { withinMs: 240_000, everyMs: 30 }, async () => {
    if (ended) return true;
    return reached();
  });
  expect(ended).toBe(false);
  expect(markedProcesses(ephemeral.mark)).not.toEqual([]);
  running.signal(signal);
  const { status } = await running.done;
  expect(status).not.toBe(0);
}

/** One `up` makes the stack whole, without anything twice. */
async function finishes(): Promise<void> {
  await project.make("up");
  const { app1Url } = await project.outputs();
  expect(await inARow(app1Url, 3, (page) => page.body.includes("Hello World!"))).toBe(true);
  expect((await swarm.nodes()).map(({ name, state }) => `${name} ${state}`)).toEqual([
    "manager-1 ready",
    "worker-1 ready",
  ]);
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
}

const gone = async (...args: string[]): Promise<true | undefined> =>
  (await there(...args)) ? undefined : true;

/** It goes with the machines, and faster. */
const edgeGone = () =>
  gone("container", "ls", "--all", "-q", "--filter", `name=swarm-${cutStack}-edge`);
const volumeGone = () => gone("volume", "ls", "-q", "--filter", `name=${manager}`);

describe("up cut off at any point", () => {
  beforeAll(() => {
    writeFileSync(join(ephemeral.clone, `Pulumi.${cutStack}.yaml`), SMALL_STACK);
  });

  test.each(POINTS)(
    "once %s, by %s, leaves what another run can go on from",
    (what, signal, reached) => cutOff("up", signal, what, reached),
  );

  test("is finished by running it again", finishes);
});

describe("down cut off at any point", () => {
  test("once a container is gone, by SIGKILL, it is to be finished, as up says", async () => {
    await cutOff("down", "SIGKILL", "a container is gone", edgeGone);
    const { status, output } = await project.tryMake("up");
    expect(status).not.toBe(0);
    expect(output).toContain(`Finish it: 'make down STACK=${cutStack}'`);
  });

  test("once a machine's state is gone as well, up makes the stack anew", async () => {
    await cutOff("down", "SIGKILL", "a volume is gone", volumeGone);
    await finishes();
  });

  test("is finished by running it again, with nothing left", async () => {
    await cutOff("down", "SIGKILL", "a container is gone", edgeGone);
    await project.make("down");
    expect(objects(cutStack)).toEqual([]);
    await markedProcessesEnd(ephemeral.mark, 5_000);
  });
});
