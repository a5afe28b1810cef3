/** A stack's swarm, asked inside one of its managers. */
import { eventually } from "./eventually";
import { run } from "./run";
import { docker, lines } from "./engine";

/** A node, as a table of the article would show it. */
export interface Node {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly availability: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A node as it should be. */
export const readyNode = (
  name: string,
  role: string,
  labels: Readonly<Record<string, string>> = {},
): Node => ({ name, role, labels, state: "ready", availability: "active" });

/** The labels that the program's tiers gave a node: its own of the program left out. */
const labelsOf = (labels: object): Node["labels"] =>
  Object.fromEntries(
    Object.entries(labels as Node["labels"]).filter(([key]) => key !== "swarm.generation"),
  );

/** A task that the swarm wants to run. */
export interface Task {
  /** `service.slot.id`, as `{{.Task.Name}}` has it. */
  readonly name: string;
  readonly id: string;
  readonly node: string;
  /** Such as "Running 3 minutes ago". */
  readonly state: string;
}

interface NodeInspect {
  readonly Spec: { readonly Role: string; readonly Availability: string; readonly Labels: object };
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
}

export class SwarmView {
  constructor(
    private readonly stack: string,
    private readonly manager = "manager-1",
  ) {}

  /** The manager's container on the host. */
  get container(): string {
    return `swarm-${this.stack}-${this.manager}`;
  }

  /** The same swarm as another manager sees it. */
  through(manager: string): SwarmView {
    return new SwarmView(this.stack, manager);
  }

  /** Runs the Docker client inside the manager and returns what it printed. */
  async docker(...args: string[]): Promise<string> {
    return docker("exec", this.container, "docker", ...args);
  }

  /** Restarts a service's tasks as its update settings say, and waits until that is over. */
  async restart(service: string): Promise<void> {
    await this.docker("service", "update", "--force", "--detach", "--quiet", service);
    const format = ["--format", "{{.UpdateStatus.State}}"];
    await eventually(`${service} to be updated`, { withinMs: 240_000, everyMs: 500 }, async () =>
      (await this.docker("service", "inspect", service, ...format)) === "completed"
        ? true
        : undefined,
    );
  }

  async nodes(): Promise<Node[]> {
    const ids = lines(await this.docker("node", "ls", "--quiet"));
    const nodes = JSON.parse(await this.docker("node", "inspect", ...ids)) as NodeInspect[];
    return nodes
      .map(({ Spec, Description, Status }) => ({
        name: Description.Hostname,
        role: Spec.Role,
        state: Status.State,
        availability: Spec.Availability,
        labels: labelsOf(Spec.Labels),
      }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The tasks of a service that should run, whether they do yet or not. */
  async tasks(service: string): Promise<Task[]> {
    const format = "{{.Name}}.{{.ID}}\t{{.ID}}\t{{.Node}}\t{{.CurrentState}}";
    const filter = ["--filter", "desired-state=running", "--no-trunc"];
    const listed = await this.docker("service", "ps", service, ...filter, "--format", format);
    return lines(listed).map((line) => {
      const [name = "", id = "", node = "", state = ""] = line.split("\t");
      return { name, id, node, state };
    });
  }

  /** The tasks of a service, once there are as many as said and all run. */
  async runningTasks(service: string, count: number): Promise<Task[] | undefined> {
    const tasks = await this.tasks(service);
    const running = tasks.filter(({ state }) => state.startsWith("Running "));
    return tasks.length === count && running.length === count ? running : undefined;
  }

  /** Secrets that must be found nowhere: both join tokens and a machine's private key. */
  async secrets(): Promise<Readonly<Record<string, string>>> {
    const key = await run("docker", [
      "exec",
      this.container,
      "cat",
      "/etc/docker/pki/engine-key.pem",
    ]);
    return {
      "worker's join token": await this.docker("swarm", "join-token", "--quiet", "worker"),
      "manager's join token": await this.docker("swarm", "join-token", "--quiet", "manager"),
      "engine's private key": key.stdout,
    };
  }
}
