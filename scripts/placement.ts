/** Where a swarm could run the tasks of a node that is to be emptied. */
import type { Cluster, Resources, SwarmNode, SwarmService, SwarmTask, TaskSpec } from "./swarm";

/** Tasks that hold their reservation: all that have not ended. */
const ENDED = new Set(["complete", "shutdown", "failed", "rejected", "remove", "orphaned"]);

export const lives = (task: SwarmTask): boolean => !ENDED.has(task.Status.State);

/** The service's tasks on a node that the swarm wants to run. */
export const tasksOn = (cluster: Cluster, node: SwarmNode, service: SwarmService): SwarmTask[] =>
  cluster.tasks.filter(
    (task) =>
      task.ServiceID === service.ID && task.NodeID === node.ID && task.DesiredState === "running",
  );

/** Whether a new task of the service is healthy before an old one is stopped. */
export const startsFirst = ({ Spec }: SwarmService): boolean =>
  Spec.Mode.Replicated !== undefined && Spec.UpdateConfig?.Order === "start-first";

/**
 * Whether a node meets a placement constraint. What this does not know is met: the swarm has the last word.
 * @see https://docs.docker.com/reference/cli/docker/service/create/#constraint
 */
export function meets(node: SwarmNode, constraint: string): boolean {
  const [, key = "", operator, value = ""] =
    /^\s*(\S+?)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? [];
  const actual = attribute(node, key);
  if (actual === undefined) return true;
  return (actual.toLowerCase() === value.toLowerCase()) === (operator === "==");
}

function attribute({ ID, Spec, Description }: SwarmNode, key: string): string | undefined {
  if (key === "node.id") return ID;
  if (key === "node.hostname") return Description.Hostname;
  if (key === "node.role") return Spec.Role;
  if (key.startsWith("node.labels.")) return Spec.Labels?.[key.slice("node.labels.".length)] ?? "";
  if (key.startsWith("engine.labels.")) {
    return Description.Engine?.Labels?.[key.slice("engine.labels.".length)] ?? "";
  }
  return undefined;
}

/** What a node has left. */
interface Room {
  readonly node: SwarmNode;
  memory: number;
  cpus: number;
  /** Tasks by service. */
  readonly tasks: Map<string, number>;
}

/**
 * Why the other nodes could not take over the tasks of `node` while all is served on: one line for each
 * service that finds no room, nothing where all do. A service that starts first needs room for one task more
 * than it has there, as it is restarted task by task. One that stops first is given up where it finds no room
 * by its nature: a host port, or a limit of tasks a node.
 */
export function withoutRoom(cluster: Cluster, node: SwarmNode): string[] {
  const others = cluster.nodes
    .filter(({ ID }) => ID !== node.ID)
    .filter(({ Status, Spec }) => Status.State === "ready" && Spec.Availability === "active");
  const rooms = others.map((other) => roomOn(other, cluster));
  return cluster.services.filter(startsFirst).flatMap((service) => {
    const here = tasksOn(cluster, node, service).length;
    if (here === 0) return [];
    const { Name, TaskTemplate } = service.Spec;
    const fitting = rooms.filter((room) => isAllowed(room.node, TaskTemplate));
    if (fitting.length === 0) {
      const wanted = TaskTemplate.Placement?.Constraints?.join(", ") || "an active node";
      return [`${Name}: no other machine is ready and active for it (${wanted})`];
    }
    for (let placed = 0; placed <= here; placed++) {
      if (place(service, fitting)) continue;
      const free = fitting.map((room) => `${hostname(room)} ${mebibytes(room.memory)}`).join(", ");
      const reserved = mebibytes(reservation(TaskTemplate).MemoryBytes ?? 0);
      return [
        `${Name}: of its ${here} tasks there and one more, for the restart, ${placed} find room elsewhere ` +
          `(each reserves ${reserved}; free: ${free})`,
      ];
    }
    return [];
  });
}

function roomOn(node: SwarmNode, cluster: Cluster): Room {
  const { MemoryBytes = 0, NanoCPUs = 0 } = node.Description.Resources;
  const room: Room = { node, memory: MemoryBytes, cpus: NanoCPUs, tasks: new Map() };
  for (const task of cluster.tasks) {
    if (task.NodeID === node.ID && lives(task)) take(room, task.ServiceID, task.Spec);
  }
  return room;
}

function take(room: Room, service: string, spec: TaskSpec): void {
  const { MemoryBytes = 0, NanoCPUs = 0 } = reservation(spec);
  room.memory -= MemoryBytes;
  room.cpus -= NanoCPUs;
  room.tasks.set(service, (room.tasks.get(service) ?? 0) + 1);
}

/** Takes the room with the most memory that has enough, as a swarm spreads its tasks. */
function place({ ID, Spec }: SwarmService, rooms: readonly Room[]): boolean {
  const { MemoryBytes = 0, NanoCPUs = 0 } = reservation(Spec.TaskTemplate);
  const most = Spec.TaskTemplate.Placement?.MaxReplicas || Infinity;
  const [room] = rooms
    .filter(({ memory, cpus }) => memory >= MemoryBytes && cpus >= NanoCPUs)
    .filter(({ tasks }) => (tasks.get(ID) ?? 0) < most)
    .sort((a, b) => b.memory - a.memory);
  if (room) take(room, ID, Spec.TaskTemplate);
  return room !== undefined;
}

const isAllowed = (node: SwarmNode, { Placement }: TaskSpec): boolean =>
  (Placement?.Constraints ?? []).every((constraint) => meets(node, constraint));

const reservation = ({ Resources }: TaskSpec): Resources => Resources?.Reservations ?? {};

const hostname = ({ node }: Room): string => node.Description.Hostname;

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
