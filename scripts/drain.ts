/**
 * Empties a machine without a failed request, and gives it tasks again.
 *
 *   drain.ts drain MACHINE      first starts tasks elsewhere, then stops those on the machine
 *   drain.ts activate MACHINE   lets the swarm place tasks there again; those that run elsewhere stay
 *   drain.ts make-room MACHINE  the first half of drain alone: for a machine that is about to leave
 *
 * Environment: MANAGER, the shell of a manager that speaks for the swarm, such as `docker exec -i NAME`.
 *
 * `docker node update --availability drain` stops a node's tasks at once, whatever a service's update order
 * says: a service with its only task there is gone until another one is healthy. So the machine is paused
 * first, which takes no more tasks, and services with tasks there are restarted task by task: with the order
 * start-first a new task is healthy elsewhere before an old one stops. Nothing of a service's description
 * changes but the counter of forced updates.
 */
import { setTimeout as pause } from "node:timers/promises";
import { lives, startsFirst, tasksOn, withoutRoom } from "./placement";
import { type Cluster, type Swarm, type SwarmNode, type SwarmService, swarmThrough } from "./swarm";

/** How long each step may take. Milliseconds. */
export interface Patience {
  /** One service's rolling restart without a task that gets further. */
  readonly restart: number;
  /** The machine's tasks to stop, once the swarm has told them. */
  readonly stop: number;
  /** Between two looks. */
  readonly every: number;
}

const PATIENCE: Patience = { restart: 120_000, stop: 180_000, every: 500 };

/** What a drain works with. */
export interface Work {
  readonly swarm: Swarm;
  /** Takes a line of progress. */
  readonly say: (line: string) => void;
  readonly patience?: Patience;
  /** Ends the work at the next look, and has it undone. */
  readonly signal?: AbortSignal;
}

/** An error that its reader can do something about. */
export class Refusal extends Error {}

/**
 * Empties a machine.
 * @throws Refusal before anything changes, where it cannot be; or later, with the machine as it was before, where a
 *   service's new tasks do not come up elsewhere.
 */
export async function drain(machine: string, work: Work): Promise<void> {
  const { swarm, say } = work;
  const cluster = await swarm.look();
  const node = find(cluster, machine);
  if (node.Status.State !== "ready") {
    throw new Refusal(
      `${machine} is ${node.Status.State}: the swarm has moved its tasks already; 'make up' brings the machine back`,
    );
  }
  requireManagers(cluster, node);
  await makeRoom(machine, work);
  await swarm.setAvailability(node, "drain");
  await untilEmpty(node, work);
  const missing = inTasks(await swarm.look());
  for (const line of missing) say(line);
  say(`${machine} is drained: 'make activate MACHINE=${machine}' lets tasks in again`);
}

/** Lets the swarm place tasks on a machine again. @throws Refusal where there is no such machine. */
export async function activate(machine: string, { swarm, say }: Work): Promise<void> {
  const node = find(await swarm.look(), machine);
  if (node.Spec.Availability === "active") return void say(`${machine} is active already`);
  await swarm.setAvailability(node, "active");
  say(`${machine} is active: the swarm places new tasks there, and moves none that run`);
}

/**
 * Has the services that start first run elsewhere than on a machine, which is paused from then on.
 * @throws Refusal when the other machines have no room for its tasks, or these do not come up there; the machine is as
 *   available as before then.
 */
export async function makeRoom(machine: string, work: Work): Promise<void> {
  const { swarm, say } = work;
  const cluster = await swarm.look();
  const node = find(cluster, machine);
  refuseWithoutRoom(cluster, node);
  const here = cluster.services.filter((service) => tasksOn(cluster, node, service).length > 0);
  const before = node.Spec.Availability;
  if (before === "active") await swarm.setAvailability(node, "pause");
  try {
    for (const service of here) {
      const count = tasksOn(cluster, node, service).length;
      if (startsFirst(service)) {
        say(
          `${service.Spec.Name}: starting its tasks anew, elsewhere than on ${machine} (${count} there)`,
        );
        await swarm.restart(service);
        await untilRestarted(service, node, work);
      } else if (service.Spec.Mode.Replicated) {
        say(
          `${service.Spec.Name}: stops on ${machine} (${count}) before it starts elsewhere: its update order is stop-first`,
        );
      }
    }
  } catch (error) {
    if (before === "active") await swarm.setAvailability(node, "active");
    throw error;
  }
}

function find({ nodes }: Cluster, machine: string): SwarmNode {
  const node = nodes.find(({ Description }) => Description.Hostname === machine);
  if (node) return node;
  const names = nodes.map(({ Description }) => Description.Hostname).sort();
  const asked =
    machine === "" ? "say which machine, by MACHINE=name" : `there is no machine ${machine}`;
  throw new Refusal(`${asked}: the swarm has ${names.join(", ")}`);
}

/** Who drains a manager is about to take it down: the others must be enough without it. */
function requireManagers({ nodes }: Cluster, node: SwarmNode): void {
  if (node.Spec.Role !== "manager") return;
  const managers = nodes.filter(({ Spec }) => Spec.Role === "manager");
  const rest = managers.filter(
    ({ ID, ManagerStatus }) => ID !== node.ID && ManagerStatus?.Reachability === "reachable",
  );
  const quorum = Math.floor(managers.length / 2) + 1;
  if (rest.length >= quorum) return;
  throw new Refusal(
    `without ${node.Description.Hostname} ${rest.length} of ${managers.length} managers would be left, and the swarm needs ${quorum}: ` +
      (managers.length === 1
        ? "add managers first"
        : "bring the others back first, with 'make up'"),
  );
}

function refuseWithoutRoom(cluster: Cluster, node: SwarmNode): void {
  const reasons = withoutRoom(cluster, node);
  if (reasons.length === 0) return;
  throw new Refusal(
    `the other machines cannot hold what runs on ${node.Description.Hostname}: ${reasons.join("; ")}. ` +
      "Activate or add a machine, or lower the replicas.",
  );
}

/** Waits until all tasks of a service are new, and none is on the node. */
async function untilRestarted(service: SwarmService, node: SwarmNode, work: Work): Promise<void> {
  const { Name } = service.Spec;
  let last = "";
  let until = 0;
  await eventually(work, (cluster) => {
    const now = cluster.services.find(({ ID }) => ID === service.ID);
    if (!now) return true;
    const state = now.UpdateStatus?.State;
    if (state === "completed") return tasksOn(cluster, node, service).length === 0;
    if (state === "paused" || state?.startsWith("rollback")) {
      throw new Refusal(
        `${Name}: its new tasks fail elsewhere: ${now.UpdateStatus?.Message ?? state}`,
      );
    }
    const own = cluster.tasks.filter(({ ServiceID }) => ServiceID === service.ID);
    const progress = own
      .map(({ ID, Status }) => `${ID} ${Status.State}`)
      .sort()
      .join();
    if (progress !== last) until = performance.now() + (work.patience ?? PATIENCE).restart;
    last = progress;
    if (performance.now() < until) return false;
    const reason = own.find(({ Status }) => Status.State === "pending")?.Status.Err;
    throw new Refusal(
      `${Name}: its new tasks do not come up elsewhere${reason ? `: ${reason}` : ""}`,
    );
  });
  work.say(`${Name}: runs elsewhere`);
}

/** Waits until what runs on a node has stopped. */
async function untilEmpty(node: SwarmNode, work: Work): Promise<void> {
  const until = performance.now() + (work.patience ?? PATIENCE).stop;
  let last = -1;
  await eventually({ ...work, signal: undefined }, ({ tasks, services }) => {
    const left = tasks.filter((task) => task.NodeID === node.ID && lives(task));
    if (left.length === 0) return true;
    const names = new Set(left.map(({ ServiceID }) => nameOf(services, ServiceID)));
    if (left.length !== last)
      work.say(`waiting for ${left.length} tasks to stop (${[...names].join(", ")})`);
    last = left.length;
    if (performance.now() < until) return false;
    throw new Refusal(
      `tasks on ${node.Description.Hostname} do not stop: ${[...names].join(", ")}`,
    );
  });
}

const nameOf = (services: readonly SwarmService[], id: string): string =>
  services.find(({ ID }) => ID === id)?.Spec.Name ?? id;

/** The services that have fewer tasks than they should. */
function inTasks({ services, tasks }: Cluster): string[] {
  return services.flatMap(({ ID, Spec }) => {
    const wanted = Spec.Mode.Replicated?.Replicas;
    const running = tasks.filter(
      (task) =>
        task.ServiceID === ID && task.DesiredState === "running" && task.Status.State === "running",
    ).length;
    return wanted === undefined || running >= wanted
      ? []
      : [`${Spec.Name}: ${running} of ${wanted} tasks run`];
  });
}

/** Looks until `done` is true; it says by throwing that it will never be. */
async function eventually(
  { swarm, patience = PATIENCE, signal }: Work,
  done: (cluster: Cluster) => boolean,
): Promise<void> {
  while (!done(await swarm.look())) {
    if (signal?.aborted) throw new Refusal("interrupted");
    await pause(patience.every);
  }
}

async function main(): Promise<void> {
  const [command = "", machine = ""] = process.argv.slice(2);
  const commands = { drain, activate, "make-room": makeRoom };
  const chosen = Object.entries(commands).find(([name]) => name === command)?.[1];
  if (!chosen)
    throw new Refusal(
      "usage: MANAGER='docker exec -i NAME' drain.ts drain|activate|make-room MACHINE",
    );
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  await chosen(machine, {
    swarm: swarmThrough(process.env["MANAGER"] ?? ""),
    say: (line) => process.stderr.write(`==> ${line}\n`),
    signal: abort.signal,
  });
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
