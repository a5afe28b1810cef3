import type { ServiceInspect, ServiceSpec, Task } from "../../src/docker/engine/types";

/** What a rollout goes through, one step each time somebody looks at the service. */
type Step = (service: FakeService) => void;

/** A service of a {@link FakeSwarm}. */
export interface FakeService {
  readonly inspect: ServiceInspect;
  tasks: Task[];
  steps: Step[];
}

/**
 * The services of a swarm, with the parts of the orchestrator that a plugin can see: tasks, the updater's
 * status, and the defaults that the engine writes into a spec (moby/moby, daemon/cluster/convert/service.go).
 */
export class FakeSwarm {
  readonly services = new Map<string, FakeService>();
  /** Tasks of services that are gone. */
  readonly leaving: Task[] = [];
  private taskCount = 0;
  private updateCount = 0;

  /** @param canRun whether there is an image of that name */
  constructor(private readonly canRun: (image: string) => boolean) {}

  create(id: string, given: ServiceSpec): void {
    const spec = withEngineDefaults(given);
    const service: FakeService = {
      inspect: { ID: id, Version: { Index: 1 }, Spec: spec, Endpoint: endpointOf(spec) },
      tasks: [],
      steps: [],
    };
    this.services.set(id, service);
    service.steps.push((self) => (self.tasks = this.tasksFor(self)));
  }

  update(id: string, given: ServiceSpec, version: number): void {
    const service = this.get(id);
    if (version !== service.inspect.Version.Index) throw new Error("update out of sequence");
    const before = service.inspect.Spec;
    const spec = withEngineDefaults(given);
    this.store(service, spec);
    const sameTasks = JSON.stringify(before.TaskTemplate) === JSON.stringify(spec.TaskTemplate);
    if (sameTasks) {
      service.steps = [(self) => (self.tasks = this.tasksFor(self))];
      return;
    }
    const StartedAt = `2026-01-01T00:00:${String(++this.updateCount).padStart(2, "0")}Z`;
    const report = (State: string, Message: string): Step => {
      return ({ inspect }) => (inspect.UpdateStatus = { State, StartedAt, Message });
    };
    const runs = this.canRun(spec.TaskTemplate.ContainerSpec.Image);
    service.steps = runs
      ? [
          () => undefined, // the orchestrator has not noticed yet
          report("updating", "update in progress"),
          (self) => (self.tasks = this.tasksFor(self)),
          report("completed", "update completed"),
        ]
      : [report("updating", "update in progress"), ...this.failureSteps(service, before, report)];
  }

  remove(id: string): void {
    this.get(id);
    this.services.delete(id);
  }

  /** `docker service scale`, behind Pulumi's back. */
  scale(name: string, replicas: number): void {
    const service = [...this.services.values()].find(({ inspect }) => inspect.Spec.Name === name);
    if (!service) throw new Error(`no service ${name}`);
    this.store(service, { ...service.inspect.Spec, Mode: { Replicated: { Replicas: replicas } } });
    service.tasks = this.tasksFor(service);
  }

  /** Looks at a service, which lets its rollout take a step. */
  look(id: string): ServiceInspect {
    const service = this.get(id);
    service.steps.shift()?.(service);
    return service.inspect;
  }

  allTasks(): Task[] {
    return [...this.leaving, ...[...this.services.values()].flatMap(({ tasks }) => tasks)];
  }

  private get(id: string): FakeService {
    const service = this.services.get(id);
    if (!service) throw new Error(`service ${id} not found`);
    return service;
  }

  private store(service: FakeService, spec: ServiceSpec): void {
    service.inspect.Version.Index += 1;
    service.inspect.Spec = spec;
    service.inspect.Endpoint = endpointOf(spec);
  }

  private failureSteps(
    service: FakeService,
    before: ServiceSpec,
    report: (state: string, message: string) => Step,
  ): Step[] {
    if (service.inspect.Spec.UpdateConfig?.FailureAction !== "rollback") {
      return [report("paused", "update paused due to failure or early termination of task x")];
    }
    return [
      report("rollback_started", "rollback in progress"),
      (self) => {
        this.store(self, before);
        self.tasks = this.tasksFor(self);
      },
      report("rollback_completed", "rollback completed"),
    ];
  }

  private tasksFor({ inspect }: FakeService): Task[] {
    const runs = this.canRun(inspect.Spec.TaskTemplate.ContainerSpec.Image);
    const count = inspect.Spec.Mode?.Replicated?.Replicas ?? 1;
    return Array.from({ length: count }, (_, index) => ({
      ID: `task${++this.taskCount}`,
      ServiceID: inspect.ID,
      NodeID: "node1",
      Slot: index + 1,
      Spec: inspect.Spec.TaskTemplate,
      DesiredState: "running",
      Status: runs
        ? { State: "running", ContainerStatus: { ContainerID: `container${this.taskCount}` } }
        : { State: "rejected", Err: "No such image" },
    }));
  }
}

function withEngineDefaults(given: ServiceSpec): ServiceSpec {
  const task = given.TaskTemplate;
  const policy = task.RestartPolicy ?? {};
  return {
    ...given,
    Labels: given.Labels ?? {},
    Mode: given.Mode ?? { Replicated: { Replicas: 1 } },
    EndpointSpec: { ...given.EndpointSpec, Mode: given.EndpointSpec?.Mode ?? "vip" },
    TaskTemplate: {
      ...task,
      ForceUpdate: task.ForceUpdate ?? 0,
      Runtime: task.Runtime ?? "container",
      RestartPolicy: {
        ...policy,
        Condition: policy.Condition ?? "any",
        MaxAttempts: policy.MaxAttempts ?? 0,
      },
    },
  };
}

function endpointOf({ EndpointSpec: spec }: ServiceSpec): ServiceInspect["Endpoint"] {
  return { Spec: spec, Ports: spec?.Ports };
}
