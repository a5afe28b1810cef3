import type { PropertyMap, Value } from "../../protocol/values";
import type {
  EndpointSpec,
  PortConfig,
  Resources,
  ServiceInspect,
  TaskSpec,
  UpdateConfig,
} from "../engine/types";
import { fromLabelMap } from "../labels";
import { containerState } from "./containerLive";
import { formatDuration } from "./duration";

/** A service as the engine has it, in the state's form. */
export function serviceState(found: ServiceInspect): PropertyMap {
  const { Spec: spec } = found;
  const endpoint = found.Endpoint?.Spec?.Mode ? found.Endpoint.Spec : spec.EndpointSpec;
  const ports = found.Endpoint?.Spec?.Mode ? found.Endpoint.Ports : spec.EndpointSpec?.Ports;
  return {
    name: spec.Name,
    labels: fromLabelMap(spec.Labels),
    mode: {
      global: spec.Mode?.Global !== undefined,
      replicated: spec.Mode?.Replicated ? { replicas: spec.Mode.Replicated.Replicas ?? 0 } : null,
    },
    endpointSpec: endpointState(endpoint, ports),
    updateConfig: rolloutState(spec.UpdateConfig),
    rollbackConfig: rolloutState(spec.RollbackConfig),
    taskSpec: taskState(spec.TaskTemplate),
  };
}

function endpointState(endpoint: EndpointSpec | undefined, ports: PortConfig[] | undefined): Value {
  return {
    mode: endpoint?.Mode ?? "",
    ports: (ports ?? []).map((port) => ({
      name: port.Name ?? "",
      protocol: port.Protocol ?? "",
      publishMode: port.PublishMode ?? "",
      publishedPort: port.PublishedPort ?? 0,
      targetPort: port.TargetPort ?? 0,
    })),
  };
}

function rolloutState(rollout: UpdateConfig | undefined): Value {
  if (!rollout) return null;
  const ratio = rollout.MaxFailureRatio ?? 0;
  return {
    delay: formatDuration(rollout.Delay ?? 0),
    failureAction: rollout.FailureAction ?? "",
    maxFailureRatio: Number.isInteger(ratio) ? ratio.toFixed(1) : String(ratio),
    monitor: formatDuration(rollout.Monitor ?? 0),
    order: rollout.Order ?? "",
    parallelism: rollout.Parallelism,
  };
}

function taskState(task: TaskSpec): Value {
  const policy = task.RestartPolicy;
  const optionalDuration = (nanoseconds: number | undefined) =>
    nanoseconds === undefined ? "" : formatDuration(nanoseconds);
  return {
    containerSpec: containerState(task.ContainerSpec),
    forceUpdate: task.ForceUpdate ?? 0,
    logDriver: task.LogDriver
      ? { name: task.LogDriver.Name, options: task.LogDriver.Options ?? {} }
      : null,
    networksAdvanceds: (task.Networks ?? []).map((network) => ({
      aliases: [...(network.Aliases ?? [])].sort(),
      driverOpts: Object.entries(network.DriverOpts ?? {}).map(([key, value]) => `${key}=${value}`),
      id: network.Target,
      name: "",
    })),
    placement: {
      constraints: [...(task.Placement?.Constraints ?? [])],
      maxReplicas: task.Placement?.MaxReplicas ?? 0,
      platforms: (task.Placement?.Platforms ?? []).map((platform) => ({
        architecture: platform.Architecture,
        os: platform.OS,
      })),
      prefs: (task.Placement?.Preferences ?? []).map(({ Spread }) => Spread.SpreadDescriptor),
    },
    resources: resourcesState(task.Resources),
    restartPolicy: {
      condition: policy?.Condition ?? "",
      delay: optionalDuration(policy?.Delay),
      maxAttempts: policy?.MaxAttempts ?? 0,
      window: optionalDuration(policy?.Window),
    },
    runtime: task.Runtime ?? "container",
  };
}

function resourcesState(resources: Resources | undefined): Value {
  const { Limits: limits, Reservations: reservations } = resources ?? {};
  const generic = reservations?.GenericResources ?? [];
  return {
    limits: limits
      ? { memoryBytes: limits.MemoryBytes ?? 0, nanoCpus: limits.NanoCPUs ?? 0 }
      : null,
    reservation: reservations
      ? {
          genericResources:
            generic.length === 0
              ? null
              : {
                  discreteResourcesSpecs: generic.flatMap(({ DiscreteResourceSpec: spec }) =>
                    spec ? [`${spec.Kind}=${spec.Value}`] : [],
                  ),
                  namedResourcesSpecs: generic.flatMap(({ NamedResourceSpec: spec }) =>
                    spec ? [`${spec.Kind}=${spec.Value}`] : [],
                  ),
                },
          memoryBytes: reservations.MemoryBytes ?? 0,
          nanoCpus: reservations.NanoCPUs ?? 0,
        }
      : null,
  };
}
