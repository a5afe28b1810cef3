/**
 * What the Makefile's targets ask of a stack's exported state, and do to it: `pulumi stack export | state.ts COMMAND`.
 *
 *   providers        prints the address of every engine that is not this machine's: those of the cluster
 *   managers         prints the container of every manager of this machine's, once their swarm is made
 *   containers       prints the name of every container of this machine's that the stack knows of
 *   volumes          prints the URN of every volume and network of this machine's
 *   pending          prints what an interrupted run may have left half created: KIND, NAME and where (host or cluster)
 *   protected        prints the name of everything that may not be deleted
 *   drop-pending     prints the state without what was being created
 *   drop-cluster     prints the state without the cluster: its engines, everything that lives on them, and who is a member
 */
import { readFileSync } from "node:fs";

/** As much of a resource's state as is needed here. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly provider?: string;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly protect?: boolean;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
}

export interface ExportedStack {
  readonly version: number;
  readonly deployment: {
    readonly resources?: readonly ResourceState[];
    readonly pending_operations?: readonly {
      readonly type: string;
      readonly resource: ResourceState;
    }[];
  };
}

/** A thing that `docker KIND rm NAME` removes. */
export interface Leftover {
  readonly kind: "network" | "service" | "secret" | "config";
  readonly name: string;
  readonly where: "host" | "cluster";
}

/** What cannot be created again under its name; volumes, images and commands can. */
const KINDS: Readonly<Record<string, Leftover["kind"]>> = {
  "docker:index/network:Network": "network",
  "docker:index/service:Service": "service",
  "docker:index/secret:Secret": "secret",
  "docker:index/serviceConfig:ServiceConfig": "config",
};

/** The providers for engines other than this machine's. */
export function clusterProviders({ deployment }: ExportedStack): readonly ResourceState[] {
  return (deployment.resources ?? []).filter(
    ({ type, inputs }) =>
      type === "pulumi:providers:docker" && !isLocalAddress(inputs?.["host"] ?? "unix://"),
  );
}

/**
 * The containers of the managers, each named as the volume of its state. None while nothing speaks to
 * the swarm: so it is until the swarm has been made.
 */
export function managers(stack: ExportedStack): string[] {
  if (clusterProviders(stack).length === 0) return [];
  return (stack.deployment.resources ?? [])
    .filter(({ type }) => type === "docker:index/volume:Volume")
    .map(({ inputs }) => inputs?.["name"])
    .filter((name) => typeof name === "string")
    .filter((name) => /-manager-\d+$/.test(name))
    .sort();
}

/** What may not be deleted, by its name on its engine. */
export const protectedNames = ({ deployment }: ExportedStack): string[] =>
  (deployment.resources ?? [])
    .filter(({ protect }) => protect)
    .map(({ urn, inputs }) => {
      const name = inputs?.["name"];
      return typeof name === "string" ? name : (urn.split("::").at(-1) ?? urn);
    })
    .sort();

/** An address that is a secret or not known yet is none of this machine's: that one is plain. */
function isLocalAddress(host: unknown): boolean {
  return typeof host === "string" && host.startsWith("unix://");
}

/** What looks after a container of the host (infra/container.ts). */
const isContainer = ({ urn, type }: ResourceState): boolean =>
  type === "command:local:Command" && urn.includes("swarm:host:Container$");

const containerName = ({ inputs }: ResourceState): unknown =>
  (inputs?.["environment"] as Readonly<Record<string, unknown>> | undefined)?.["NAME"];

/** The names of the host's containers that the stack knows of. */
export const containers = ({ deployment }: ExportedStack): string[] =>
  (deployment.resources ?? [])
    .filter(isContainer)
    .map(containerName)
    .filter((name) => typeof name === "string");

/** The URNs of this machine's volumes and networks: what its containers stand on, and what can be asked for. */
export function volumesAndNetworks({ deployment }: ExportedStack): string[] {
  const resources = deployment.resources ?? [];
  const here = resources.filter(
    ({ type, inputs }) =>
      type === "pulumi:providers:docker" && isLocalAddress(inputs?.["host"] ?? "unix://"),
  );
  return resources
    .filter(({ type }) => /^docker:index\/(volume:Volume|network:Network)$/.test(type))
    .filter((resource) => here.some((provider) => usesProvider(resource, provider)))
    .map(({ urn }) => urn);
}

/** What an interrupted run may have created without noting it. */
export function leftovers(stack: ExportedStack): Leftover[] {
  const cluster = clusterProviders(stack);
  return (stack.deployment.pending_operations ?? []).flatMap(({ type, resource }) => {
    const kind = KINDS[resource.type];
    const name = resource.inputs?.["name"];
    if (type !== "creating" || !kind || typeof name !== "string") return [];
    const where = cluster.some((provider) => usesProvider(resource, provider)) ? "cluster" : "host";
    return [{ kind, name, where }];
  });
}

/** The state without the creations that were interrupted. */
export function withoutPendingCreates(stack: ExportedStack): ExportedStack {
  const { pending_operations = [], ...deployment } = stack.deployment;
  return {
    ...stack,
    deployment: {
      ...deployment,
      pending_operations: pending_operations.filter(({ type }) => type !== "creating"),
    },
  };
}

/**
 * The state without the swarm, the cluster's providers and the resources on them. What else there is stays, and is destroyed.
 */
export function withoutCluster(stack: ExportedStack): ExportedStack {
  const providers = clusterProviders(stack);
  const gone = (resource: ResourceState) =>
    isOfSwarm(resource) ||
    providers.some((provider) => resource === provider || usesProvider(resource, provider));
  const { resources = [], pending_operations = [], ...deployment } = stack.deployment;
  const dropped = new Set(resources.filter(gone).map(({ urn }) => urn));
  return {
    ...stack,
    deployment: {
      ...deployment,
      resources: resources
        .filter((resource) => !gone(resource))
        .map((resource) => withoutReferences(resource, dropped)),
      pending_operations: pending_operations.filter(({ resource }) => !gone(resource)),
    },
  };
}

/** What makes the swarm, and looks after a machine's place in it (infra/swarm.ts). */
const isOfSwarm = ({ urn, type }: ResourceState): boolean =>
  type === "command:local:Command" && urn.includes("swarm:swarm:Swarm$");

/** A resource names its provider as URN::ID. */
function usesProvider(resource: ResourceState, provider: ResourceState): boolean {
  return resource.provider?.startsWith(`${provider.urn}::`) ?? false;
}

function withoutReferences(resource: ResourceState, dropped: ReadonlySet<string>): ResourceState {
  const kept = (urns: readonly string[] | null) => (urns ?? []).filter((urn) => !dropped.has(urn));
  const { deletedWith, dependencies, propertyDependencies, ...rest } = resource;
  return {
    ...rest,
    ...(deletedWith && !dropped.has(deletedWith) ? { deletedWith } : {}),
    ...(dependencies ? { dependencies: kept(dependencies) } : {}),
    ...(propertyDependencies
      ? {
          propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies).map(([key, urns]) => [key, kept(urns)]),
          ),
        }
      : {}),
  };
}

const commands: Readonly<Record<string, (stack: ExportedStack) => string>> = {
  providers: (stack) =>
    clusterProviders(stack)
      .map(({ inputs }) => addressOf(inputs?.["host"]))
      .join("\n"),
  managers: (stack) => managers(stack).join("\n"),
  containers: (stack) => containers(stack).join("\n"),
  volumes: (stack) => volumesAndNetworks(stack).join("\n"),
  protected: (stack) => protectedNames(stack).join("\n"),
  pending: (stack) =>
    leftovers(stack)
      .map(({ kind, name, where }) => `${kind}\t${name}\t${where}`)
      .join("\n"),
  "drop-pending": (stack) => JSON.stringify(withoutPendingCreates(stack)),
  "drop-cluster": (stack) => JSON.stringify(withoutCluster(stack)),
};

/** Exported with --show-secrets, a secret carries its value as JSON. */
function addressOf(host: unknown): string {
  const plaintext = (host as { plaintext?: string } | undefined)?.plaintext;
  const value: unknown = plaintext === undefined ? host : JSON.parse(plaintext);
  return typeof value === "string" ? value : "";
}

if (require.main === module) {
  const command = commands[process.argv[2] ?? ""];
  if (!command) throw new Error(`usage: state.ts ${Object.keys(commands).join("|")}`);
  const text = command(JSON.parse(readFileSync(0, "utf8")) as ExportedStack);
  if (text) process.stdout.write(`${text}\n`);
}
