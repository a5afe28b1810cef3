import type { EngineEvent } from "@pulumi/pulumi/automation";
import { nameOf } from "../test/e2e/support/changes";
import { eventually } from "../test/e2e/support/eventually";
import { inARow } from "../test/e2e/support/page";
import type { Project } from "../test/e2e/support/project";
import { SwarmView } from "../test/e2e/support/swarm";
import { memoryOf } from "./memory";
import { compareServices } from "./services";

/** What one run measures: seconds, and MiB where the name says so. */
export interface Measures {
  readonly up: number;
  readonly machinesReady: number;
  readonly noopUp: number;
  readonly preview: number;
  readonly destroy: number;
  readonly memoryMiB: number;
  readonly memoryWithActiveFilesMiB: number;
  readonly servicesCreate: number;
  readonly servicesNoop: number;
  readonly deployCreate: number;
  readonly deployNoop: number;
}

/** From nothing to nothing. */
export async function measureOnce(
  project: Project,
  say: (line: string) => void,
): Promise<Measures> {
  const seconds = (name: string, value: number): number => {
    say(`${name}: ${value.toFixed(1)} s`);
    return value;
  };
  const first = await project.up();
  const up = seconds("up from nothing", first.seconds);
  const machinesReady = seconds("machines Ready", untilReady(first.events));
  const { app1Url } = await project.outputs();
  await eventually("the page from every proxy", { withinMs: 60_000 }, () =>
    inARow(app1Url, 9, ({ status }) => status === 200),
  );

  const noopUp = seconds("no-op up", (await project.make("up")).seconds);
  const preview = seconds("preview", (await project.make("preview")).seconds);
  const memory = await memoryOf(project.stack);
  say(`memory: ${memory.memoryMiB.toFixed(0)} MiB`);
  const services = await compareServices(project, new SwarmView(project.stack), seconds);
  const destroy = seconds("destroy", (await project.make("down")).seconds);
  return { up, machinesReady, noopUp, preview, destroy, ...memory, ...services };
}

/** From the moment when the machines' image was there to the last membership: seven nodes are Ready. */
function untilReady(events: readonly EngineEvent[]): number {
  const doneAt = (matches: (name: string) => boolean): number[] =>
    events
      .filter(({ resOutputsEvent: done }) => done && matches(nameOf(done.metadata.urn)))
      .map(({ timestamp }) => timestamp);
  const [image] = doneAt((name) => name === "machines-image-build");
  const members = doneAt((name) => /^swarm-(manager|worker|logger)-\d+$/.test(name));
  if (image === undefined || members.length !== 7) {
    throw new Error("the event log does not show the machines' image and seven memberships");
  }
  return Math.max(...members) - image;
}
