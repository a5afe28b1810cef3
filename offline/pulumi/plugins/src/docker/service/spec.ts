import type {
  ContainerSpec,
  EndpointSpec,
  GenericResource,
  Placement,
  Resources,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
  UpdateConfig,
} from "../engine/types";
import { toLabelMap } from "../labels";
import { containerSpecOf } from "./containerSpec";
import { parseDuration } from "./duration";
import type { ServiceArgs } from "./model";

type Task = ServiceArgs["taskSpec"];
type Rollout = ServiceArgs["updateConfig"];

/**
 * The engine's spec for a service.
 * @param current the spec that the engine has; what the program leaves to the engine stays as it is there
 */
export function serviceSpecOf(args: ServiceArgs, current: ServiceSpec | undefined): ServiceSpec {
  return {
    Name: args.name ?? "",
    Labels: toLabelMap(args.labels) ?? current?.Labels ?? {},
    TaskTemplate: taskSpecOf(args.taskSpec, current?.TaskTemplate),
    Mode: modeOf(args.mode) ?? current?.Mode ?? { Replicated: { Replicas: 1 } },
    UpdateConfig: rolloutOf(args.updateConfig),
    RollbackConfig: rolloutOf(args.rollbackConfig),
    EndpointSpec: endpointSpecOf(args.endpointSpec, current?.EndpointSpec),
  };
}

function taskSpecOf(task: Task, current: TaskSpec | undefined): TaskSpec {
  const container: ContainerSpec = containerSpecOf(task.containerSpec, current?.ContainerSpec);
  return {
    ContainerSpec: container,
    Resources: task.resources ? resourcesOf(task.resources) : (current?.Resources ?? {}),
    RestartPolicy: task.restartPolicy
      ? {
          Condition: task.restartPolicy.condition,
          // What is left out of a policy is zero, not the engine's default: as with the real plugin.
          Delay: parseDuration(task.restartPolicy.delay ?? "") ?? 0,
          MaxAttempts: task.restartPolicy.maxAttempts ?? 0,
          Window: parseDuration(task.restartPolicy.window ?? "") ?? 0,
        }
      : (current?.RestartPolicy ?? {}),
    Placement: task.placement ? placementOf(task.placement) : (current?.Placement ?? {}),
    ForceUpdate: task.forceUpdate ?? current?.ForceUpdate ?? 0,
    Runtime: task.runtime ?? current?.Runtime,
    Networks: task.networksAdvanceds?.map(({ id, name, aliases, driverOpts }) => {
      const target = id || name;
      if (!target) throw new Error("network 'name' or 'id' must be specified");
      return { Target: target, Aliases: aliases, DriverOpts: driverOptsOf(driverOpts) };
    }),
    LogDriver: task.logDriver && { Name: task.logDriver.name, Options: task.logDriver.options },
  };
}

function driverOptsOf(options: readonly string[] | undefined): Record<string, string> | undefined {
  if (!options || options.length === 0) return undefined;
  return Object.fromEntries(options.map(splitAssignment));
}

function splitAssignment(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function resourcesOf({ limits, reservation }: NonNullable<Task["resources"]>): Resources {
  const generic = reservation?.genericResources;
  return {
    Limits: limits && { NanoCPUs: limits.nanoCpus, MemoryBytes: limits.memoryBytes },
    Reservations: reservation && {
      NanoCPUs: reservation.nanoCpus,
      MemoryBytes: reservation.memoryBytes,
      GenericResources: generic && [
        ...(generic.namedResourcesSpecs ?? []).map(namedResource),
        ...(generic.discreteResourcesSpecs ?? []).map(discreteResource),
      ],
    },
  };
}

function namedResource(text: string): GenericResource {
  const [Kind, Value] = splitAssignment(text);
  return { NamedResourceSpec: { Kind, Value } };
}

function discreteResource(text: string): GenericResource {
  const [Kind, value] = splitAssignment(text);
  return { DiscreteResourceSpec: { Kind, Value: Number(value) } };
}

function placementOf(placement: NonNullable<Task["placement"]>): Placement {
  return {
    Constraints: placement.constraints && [...placement.constraints].sort(),
    Preferences: placement.prefs?.map((pref) => ({ Spread: { SpreadDescriptor: pref } })),
    MaxReplicas: placement.maxReplicas,
    Platforms: placement.platforms?.map(({ os, architecture }) => ({
      OS: os,
      Architecture: architecture,
    })),
  };
}

function modeOf(mode: ServiceArgs["mode"]): ServiceMode | undefined {
  if (mode?.global) return { Global: {} };
  return mode?.replicated && { Replicated: { Replicas: mode.replicated.replicas ?? 1 } };
}

function rolloutOf(rollout: Rollout): UpdateConfig | undefined {
  return (
    rollout && {
      Parallelism: rollout.parallelism ?? 1,
      Delay: parseDuration(rollout.delay ?? ""),
      FailureAction: rollout.failureAction,
      Monitor: parseDuration(rollout.monitor ?? ""),
      MaxFailureRatio: Number(rollout.maxFailureRatio ?? 0),
      Order: rollout.order,
    }
  );
}

function endpointSpecOf(
  endpoint: ServiceArgs["endpointSpec"],
  current: EndpointSpec | undefined,
): EndpointSpec {
  if (!endpoint) return current ?? {};
  return {
    Mode: endpoint.mode ?? current?.Mode,
    Ports: endpoint.ports?.map((port) => ({
      Name: port.name,
      Protocol: port.protocol,
      TargetPort: port.targetPort,
      PublishedPort: port.publishedPort,
      PublishMode: port.publishMode,
    })),
  };
}
