/** A compose file that makes the services that a swarm has. */

/** The parts of a service's specification that ours use, as the engine names them; times in nanoseconds. */
export interface ServiceSpec {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly TaskTemplate: {
    readonly ContainerSpec: {
      readonly Image: string;
      readonly Env?: readonly string[];
      readonly User?: string;
      readonly Init?: boolean;
      readonly Mounts?: readonly Mount[];
      readonly StopGracePeriod: number;
      readonly Healthcheck: {
        readonly Test: readonly string[];
        readonly Interval: number;
        readonly Timeout: number;
        readonly StartPeriod: number;
        readonly Retries: number;
      };
    };
    readonly Resources: {
      readonly Limits: { readonly MemoryBytes: number };
      readonly Reservations: { readonly MemoryBytes: number };
    };
    readonly RestartPolicy: {
      readonly Condition: string;
      readonly Delay: number;
      readonly Window: number;
    };
    readonly Placement: {
      readonly Constraints?: readonly string[];
      readonly MaxReplicas?: number;
      readonly Preferences?: readonly { readonly Spread: { readonly SpreadDescriptor: string } }[];
    };
    readonly Networks: readonly { readonly Target: string; readonly Aliases?: readonly string[] }[];
    readonly LogDriver: {
      readonly Name: string;
      readonly Options: Readonly<Record<string, string>>;
    };
  };
  readonly Mode: { readonly Replicated: { readonly Replicas: number } };
  readonly UpdateConfig: RolloutConfig;
  readonly RollbackConfig: RolloutConfig;
  readonly EndpointSpec: { readonly Mode: string; readonly Ports?: readonly Port[] };
}

interface Mount {
  readonly Type: string;
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
}

interface RolloutConfig {
  readonly Parallelism: number;
  readonly Delay?: number;
  readonly FailureAction: string;
  readonly Monitor: number;
  readonly MaxFailureRatio: number;
  readonly Order: string;
}

interface Port {
  readonly Protocol: string;
  readonly TargetPort: number;
  readonly PublishedPort: number;
  readonly PublishMode: string;
}

/** The compose file, as a value. Its networks are there already. */
export function composeFile(
  specs: readonly ServiceSpec[],
  networkNames: ReadonlyMap<string, string>,
): object {
  const nameOf = (id: string): string => {
    const name = networkNames.get(id);
    if (name === undefined) throw new Error(`the swarm has no network ${id}`);
    return name;
  };
  const used = specs.flatMap(({ TaskTemplate }) => TaskTemplate.Networks);
  return {
    version: "3.8",
    services: Object.fromEntries(specs.map((spec) => [spec.Name, service(spec, nameOf)])),
    networks: Object.fromEntries(used.map(({ Target }) => [nameOf(Target), { external: true }])),
  };
}

function service(spec: ServiceSpec, nameOf: (network: string) => string): object {
  const { TaskTemplate: task } = spec;
  const { ContainerSpec: container } = task;
  const { Healthcheck: health } = container;
  return {
    image: container.Image,
    environment: container.Env,
    user: container.User,
    init: container.Init,
    stop_grace_period: duration(container.StopGracePeriod),
    healthcheck: {
      test: health.Test,
      interval: duration(health.Interval),
      timeout: duration(health.Timeout),
      start_period: duration(health.StartPeriod),
      retries: health.Retries,
    },
    volumes: container.Mounts?.map((mount) => ({
      type: mount.Type,
      source: mount.Source,
      target: mount.Target,
      read_only: mount.ReadOnly,
    })),
    networks: Object.fromEntries(
      task.Networks.map(({ Target, Aliases }) => [nameOf(Target), { aliases: Aliases }]),
    ),
    ports: spec.EndpointSpec.Ports?.map((port) => ({
      target: port.TargetPort,
      published: port.PublishedPort,
      protocol: port.Protocol,
      mode: port.PublishMode,
    })),
    logging: { driver: task.LogDriver.Name, options: task.LogDriver.Options },
    deploy: {
      labels: spec.Labels,
      endpoint_mode: spec.EndpointSpec.Mode,
      replicas: spec.Mode.Replicated.Replicas,
      placement: {
        constraints: task.Placement.Constraints,
        max_replicas_per_node: task.Placement.MaxReplicas,
        preferences: task.Placement.Preferences?.map(({ Spread }) => ({
          spread: Spread.SpreadDescriptor,
        })),
      },
      resources: {
        limits: { memory: String(task.Resources.Limits.MemoryBytes) },
        reservations: { memory: String(task.Resources.Reservations.MemoryBytes) },
      },
      restart_policy: {
        condition: task.RestartPolicy.Condition,
        delay: duration(task.RestartPolicy.Delay),
        window: duration(task.RestartPolicy.Window),
      },
      update_config: rollout(spec.UpdateConfig),
      rollback_config: rollout(spec.RollbackConfig),
    },
  };
}

const rollout = (config: RolloutConfig): object => ({
  parallelism: config.Parallelism,
  delay: duration(config.Delay ?? 0),
  failure_action: config.FailureAction,
  monitor: duration(config.Monitor),
  max_failure_ratio: config.MaxFailureRatio,
  order: config.Order,
});

const duration = (nanoseconds: number): string => `${nanoseconds / 1e6}ms`;

/** What two specifications have to have in common to be the same service under two names. */
export function essence(spec: ServiceSpec): object {
  const { TaskTemplate: task } = spec;
  const { ContainerSpec: container, Placement: placement } = task;
  const namespaced = ([key]: [string, unknown]) => key.startsWith("com.docker.stack.");
  return {
    labels: Object.fromEntries(Object.entries(spec.Labels).filter((pair) => !namespaced(pair))),
    image: container.Image,
    env: [...(container.Env ?? [])].sort(),
    user: container.User ?? "",
    init: container.Init ?? false,
    mounts: container.Mounts ?? [],
    stopGracePeriod: container.StopGracePeriod,
    healthcheck: container.Healthcheck,
    resources: task.Resources,
    restart: task.RestartPolicy,
    constraints: placement.Constraints ?? [],
    maxReplicas: placement.MaxReplicas ?? 0,
    preferences: placement.Preferences ?? [],
    networks: task.Networks.map(({ Target }) => Target).sort(),
    log: task.LogDriver,
    mode: spec.Mode,
    update: { Delay: 0, ...spec.UpdateConfig },
    rollback: { Delay: 0, ...spec.RollbackConfig },
    endpoint: { Ports: [], ...spec.EndpointSpec },
  };
}
