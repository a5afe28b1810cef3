import type {
  Availability,
  Cluster,
  Swarm,
  SwarmNode,
  SwarmService,
  SwarmTask,
} from "../../../scripts/swarm";

const MEBIBYTE = 2 ** 20;

export function node(
  name: string,
  more: Partial<SwarmNode["Spec"]> & { state?: string; memory?: number } = {},
): SwarmNode {
  const { state = "ready", memory = 1024, ...spec } = more;
  return {
    ID: `id-of-${name}`,
    Spec: { Role: "worker", Availability: "active", ...spec },
    Description: { Hostname: name, Resources: { MemoryBytes: memory * MEBIBYTE, NanoCPUs: 2e9 } },
    Status: { State: state },
    ...(spec.Role === "manager"
      ? { ManagerStatus: { Reachability: state === "ready" ? "reachable" : "unreachable" } }
      : {}),
  };
}

export interface ServiceArgs {
  readonly replicas?: number;
  readonly order?: string;
  readonly constraints?: readonly string[];
  readonly maxReplicas?: number;
  /** MiB that a task reserves. */
  readonly memory?: number;
  readonly global?: boolean;
}

export function service(name: string, args: ServiceArgs = {}): SwarmService {
  const { replicas = 3, order = "start-first", constraints, maxReplicas, memory = 64 } = args;
  return {
    ID: `id-of-${name}`,
    Spec: {
      Name: name,
      TaskTemplate: {
        Placement: { Constraints: constraints, MaxReplicas: maxReplicas },
        Resources: { Reservations: { MemoryBytes: memory * MEBIBYTE } },
      },
      Mode: args.global ? {} : { Replicated: { Replicas: replicas } },
      UpdateConfig: { Order: order },
    },
  };
}

let count = 0;
export const task = (
  of: SwarmService,
  on: SwarmNode | undefined,
  state = "running",
): SwarmTask => ({
  ID: `task-${++count}`,
  ServiceID: of.ID,
  NodeID: on?.ID,
  Spec: of.Spec.TaskTemplate,
  DesiredState: "running",
  Status: { State: state },
});

/** A swarm in memory that does at once what a swarm does in time, and notes what it was asked. */
export class FakeSwarm implements Swarm {
  readonly asked: string[] = [];

  constructor(public cluster: Cluster) {}

  look(): Promise<Cluster> {
    return Promise.resolve(this.cluster);
  }

  setAvailability({ ID, Description }: SwarmNode, availability: Availability): Promise<void> {
    this.asked.push(`${availability} ${Description.Hostname}`);
    const nodes = this.cluster.nodes.map((one) =>
      one.ID === ID ? { ...one, Spec: { ...one.Spec, Availability: availability } } : one,
    );
    const tasks = this.cluster.tasks.filter(
      ({ NodeID }) => availability !== "drain" || NodeID !== ID,
    );
    this.cluster = { ...this.cluster, nodes, tasks };
    return Promise.resolve();
  }

  /** All its tasks move to the last node that is active. */
  restart(service: SwarmService): Promise<void> {
    this.asked.push(`restart ${service.Spec.Name}`);
    const to = this.cluster.nodes.findLast(({ Spec }) => Spec.Availability === "active");
    this.update(service, "completed", (one) => task(service, to, one.Status.State));
    return Promise.resolve();
  }

  update(
    of: SwarmService,
    state: string,
    replace: (one: SwarmTask) => SwarmTask,
    message?: string,
  ): void {
    this.cluster = {
      nodes: this.cluster.nodes,
      services: this.cluster.services.map((one) =>
        one.ID === of.ID ? { ...one, UpdateStatus: { State: state, Message: message } } : one,
      ),
      tasks: this.cluster.tasks.map((one) => (one.ServiceID === of.ID ? replace(one) : one)),
    };
  }
}
