import * as docker from "@pulumi/docker";
import type { input } from "@pulumi/docker/types";
import * as pulumi from "@pulumi/pulumi";
import type { HostPlatform } from "./host";
import type { SecretFile } from "./secrets";

/** A network that a service is on, by id: by name the first refresh would replace the service. */
export interface ServiceNetwork {
  readonly network: docker.Network;
  /** Further names of the service's tasks there. */
  readonly aliases?: readonly string[];
}

export interface SwarmServiceArgs {
  /** What goes only when the whole stack goes, the service with it. */
  readonly cluster: pulumi.Resource;
  readonly serviceName: string;
  /** What the image is built for. */
  readonly platform: HostPlatform;
  readonly image: pulumi.Input<string>;
  /** How many tasks, or one on each node that the constraints let it be on. */
  readonly replicas: number | "everywhere";
  readonly networks: readonly ServiceNetwork[];
  /** Placement constraints, such as `node.role==worker`. */
  readonly constraints: readonly string[];
  /** The most tasks on one node; left out, there is no limit. It makes updates stop-first. */
  readonly maxReplicasPerNode?: number;
  /** MiB: what a task may take at most, and what placement sets aside for it. */
  readonly memory: { readonly limit: number; readonly reservation: number };
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** The arguments of the image's entrypoint when they are not the image's own. */
  readonly args?: readonly string[];
  /** What the containers call themselves when it matters to what runs in them. */
  readonly hostname?: string;
  readonly secrets?: readonly SecretFile[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The liveness check, run in the container: failing it, the task is replaced. */
  readonly healthcheck: readonly string[];
  /** How often it is run and how patient it is; left out, a task has 30 s to start, and three failures in a row end it. */
  readonly patience?: {
    /** Within it, failures do not count. The engine looks 5 s after the start; with 0, after one interval. */
    readonly startSeconds: number;
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    readonly retries: number;
  };
  /** Ports published on the task's node itself. They make updates stop-first. */
  readonly hostPorts?: readonly number[];
  /** A volume makes updates stop-first: no two tasks write to it. */
  readonly mounts?: readonly input.ServiceTaskSpecContainerSpecMount[];
  /** Swarm configs, as files. */
  readonly configs?: readonly input.ServiceTaskSpecContainerSpecConfig[];
  /** `uid[:gid]` when it is not the image's own user. */
  readonly user?: string;
  /** Seconds that a task may take to stop; more than it needs, or deleting the service fails. */
  readonly stopGraceSeconds: number;
  /** What must be there before the service is made or changed. A component's own dependsOn does not reach its children. */
  readonly after?: readonly pulumi.Resource[];
}

const MEBIBYTE = 1024 * 1024;

/**
 * A service with what all of ours have in common: no VIP (the proxy balances over tasks itself), memory
 * limits, rotated logs, rolling updates that roll back, and an `up` that fails when a rollout does.
 */
export class SwarmService extends pulumi.ComponentResource {
  public readonly serviceName: string;

  constructor(name: string, args: SwarmServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:service:SwarmService", name, {}, opts);
    const { hostPorts = [], mounts = [] } = args;
    // A check costs some 60 ms of processor time, whatever it does: every three seconds, those of a stack take half a core.
    const { patience = { startSeconds: 30, intervalSeconds: 10, timeoutSeconds: 10, retries: 3 } } =
      args;
    // A port of the node, the room for one more task on it, and a volume are free only after the old task is gone.
    const bound =
      hostPorts.length > 0 ||
      args.maxReplicasPerNode !== undefined ||
      mounts.some(({ type }) => type === "volume");
    const order = bound ? "stop-first" : "start-first";

    new docker.Service(
      `${name}-service`,
      {
        name: args.serviceName,
        labels: pairs(args.labels ?? {}),
        taskSpec: {
          containerSpec: {
            image: args.image,
            args: args.args ? [...args.args] : undefined,
            hostname: args.hostname,
            env: args.env,
            user: args.user,
            secrets: args.secrets?.map(secretFile),
            mounts: args.mounts ? [...args.mounts] : undefined,
            configs: args.configs ? [...args.configs] : undefined,
            stopGracePeriod: `${args.stopGraceSeconds}s`,
            healthcheck: {
              tests: ["CMD", ...args.healthcheck],
              interval: `${patience.intervalSeconds}s`,
              timeout: `${patience.timeoutSeconds}s`,
              retries: patience.retries,
              startPeriod: `${patience.startSeconds}s`,
            },
          },
          resources: {
            limits: { memoryBytes: args.memory.limit * MEBIBYTE },
            reservation: { memoryBytes: args.memory.reservation * MEBIBYTE },
          },
          restartPolicy: { condition: "any", delay: "1s", window: "10s" },
          placement: {
            constraints: [...args.constraints],
            // Left out, it would be set from the image and read as a change by the next preview.
            platforms: [args.platform],
            maxReplicas: args.maxReplicasPerNode,
          },
          networksAdvanceds: args.networks.map(({ network, aliases }) => ({
            id: network.id,
            aliases: aliases ? [...aliases] : undefined,
          })),
          logDriver: {
            name: "json-file",
            // The labels are beside each line, and the shipper has service and task from there.
            options: {
              ...{ "max-size": "10m", "max-file": "3" },
              labels: "com.docker.swarm.service.name,com.docker.swarm.task.name",
            },
          },
        },
        mode:
          args.replicas === "everywhere"
            ? { global: true }
            : { replicated: { replicas: args.replicas } },
        endpointSpec: {
          mode: "dnsrr",
          ports: hostPorts.length > 0 ? hostPorts.map(published) : undefined,
        },
        updateConfig: {
          parallelism: 1,
          order,
          failureAction: "rollback",
          delay: "0s",
          monitor: "5s",
          maxFailureRatio: "0.0",
        },
        rollbackConfig: {
          parallelism: 1,
          order,
          failureAction: "pause",
          delay: "0s",
          monitor: "5s",
          maxFailureRatio: "0.0",
        },
        // The provider waits for no service that is everywhere: it refuses the two together.
        convergeConfig: args.replicas === "everywhere" ? undefined : { delay: "1s", timeout: "5m" },
      },
      {
        parent: this,
        deletedWith: args.cluster,
        dependsOn: args.after ? [...args.after] : undefined,
      },
    );

    this.serviceName = args.serviceName;
    this.registerOutputs({ serviceName: this.serviceName });
  }
}

const secretFile = ({ secret, file, uid }: SecretFile) => ({
  secretId: secret.id,
  secretName: secret.name,
  fileName: file,
  fileUid: String(uid),
  fileGid: String(uid),
  fileMode: 0o400,
});

const published = (port: number) => ({
  targetPort: port,
  publishedPort: port,
  protocol: "tcp",
  publishMode: "host",
});

const pairs = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).map(([label, value]) => ({ label, value }));
