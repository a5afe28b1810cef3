/** A swarm as one of its managers' engines describes it; the types have as much of the engine API as is needed here. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Resources {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
}

export type Availability = "active" | "pause" | "drain";

export interface SwarmNode {
  readonly ID: string;
  readonly Spec: {
    readonly Role: "manager" | "worker";
    readonly Availability: Availability;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly Description: {
    readonly Hostname: string;
    readonly Resources: Resources;
    readonly Engine?: { readonly Labels?: Readonly<Record<string, string>> | null };
  };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Reachability: string };
}

export interface TaskSpec {
  readonly Placement?: {
    readonly Constraints?: readonly string[] | null;
    readonly MaxReplicas?: number;
  };
  readonly Resources?: { readonly Reservations?: Resources };
}

export interface SwarmService {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    readonly TaskTemplate: TaskSpec;
    readonly Mode: { readonly Replicated?: { readonly Replicas?: number } };
    readonly UpdateConfig?: { readonly Order?: string };
  };
  /** Absent until the first update, and for a moment after each one was asked for. */
  readonly UpdateStatus?: { readonly State: string; readonly Message?: string };
}

export interface SwarmTask {
  readonly ID: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly Slot?: number;
  readonly Spec: TaskSpec;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly Err?: string };
}

/** All of it at one moment. */
export interface Cluster {
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly SwarmService[];
  readonly tasks: readonly SwarmTask[];
}

/** What is asked of a swarm. */
export interface Swarm {
  look(): Promise<Cluster>;
  setAvailability(node: SwarmNode, availability: Availability): Promise<void>;
  /** Starts a rolling restart of all its tasks and does not wait for it. */
  restart(service: SwarmService): Promise<void>;
}

const run = promisify(execFile);

/** The swarm through a manager. `shell` is a command prefix such as `docker exec -i NAME`. */
export function swarmThrough(shell: string): Swarm {
  const on = async (...command: string[]): Promise<string> => {
    const [program = "", ...args] = [...shell.split(" "), ...command];
    const { stdout } = await run(program, args, { maxBuffer: 2 ** 28, timeout: 60_000 });
    return stdout;
  };
  const list = async <T>(kind: string): Promise<T[]> => {
    const socket = ["--unix-socket", "/var/run/docker.sock"];
    const answer = await on(
      "curl",
      "--fail",
      "--silent",
      "--show-error",
      ...socket,
      `http://engine/${kind}`,
    );
    return JSON.parse(answer) as T[];
  };
  return {
    async look() {
      const [nodes, services, tasks] = await Promise.all([
        list<SwarmNode>("nodes"),
        list<SwarmService>("services"),
        list<SwarmTask>("tasks"),
      ]);
      return { nodes, services, tasks };
    },
    async setAvailability(node, availability) {
      await on("docker", "node", "update", "--availability", availability, node.ID);
    },
    async restart(service) {
      await on("docker", "service", "update", "--force", "--detach", "--quiet", service.ID);
    },
  };
}
