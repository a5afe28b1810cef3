import type { Labels, SwarmNode, SwarmService } from "../engine/types";

/** Parameters of a notification: the query of its URL and the objects of the JSON API. */
export type Parameters = Readonly<Record<string, string>>;

const PREFIX = "com.df.";
const STACK_LABEL = "com.docker.stack.namespace";

/** What shapes a service's parameters besides the service. */
export interface ServiceOptions {
  /** The label that makes a service take part; it is no parameter itself. */
  readonly notifyLabel: string;
  /** Put before the name of every service, with an underscore; empty for none. */
  readonly namePrefix: string;
}

/** Whether a service asks to be notified of. */
export function wantsNotification(service: SwarmService, notifyLabel: string): boolean {
  return service.Spec.Labels?.[notifyLabel]?.toLowerCase() === "true";
}

/** Labels below `com.df.`, without that prefix. */
function parametersOf(labels: Labels | null | undefined, except?: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [label, value] of Object.entries(labels ?? {})) {
    if (!label.startsWith(PREFIX) || label === PREFIX || label === except) continue;
    parameters[label.slice(PREFIX.length)] = value;
  }
  return parameters;
}

/** The name a service is announced by: with `com.df.shortName=true` without its stack's name. */
export function serviceName({ Spec }: SwarmService, namePrefix: string): string {
  const name = namePrefix === "" ? Spec.Name : `${namePrefix}_${Spec.Name}`;
  const stack = Spec.Labels?.[STACK_LABEL];
  const short = Spec.Labels?.[`${PREFIX}shortName`]?.toLowerCase() === "true";
  if (!short || !stack || !name.startsWith(`${stack}_`)) return name;
  return name.slice(stack.length + 1);
}

/** Parameters of a removed service. */
export function removeParameters(service: SwarmService, options: ServiceOptions): Parameters {
  return {
    distribute: "true",
    ...parametersOf(service.Spec.Labels, options.notifyLabel),
    serviceName: serviceName(service, options.namePrefix),
  };
}

/**
 * Parameters of a new or changed service. A global one has no number of replicas. `createdAt`, as the engine gives it, tells receivers
 * which of two services that want the same route is the older.
 * @param nodeInfo where its tasks run, see `nodeInfoOf`
 */
export function createParameters(
  service: SwarmService,
  options: ServiceOptions,
  nodeInfo?: string,
): Parameters {
  const { Mode } = service.Spec;
  return {
    ...removeParameters(service, options),
    createdAt: service.CreatedAt,
    ...(Mode?.Global ? {} : { replicas: String(Mode?.Replicated?.Replicas ?? 0) }),
    ...(nodeInfo === undefined ? {} : { nodeInfo }),
  };
}

/** Parameters of a new or changed node; its own labels win over those of its engine. */
export function nodeParameters(node: SwarmNode): Parameters {
  return {
    ...parametersOf(node.Description.Engine?.Labels),
    ...parametersOf(node.Spec.Labels),
    ...removedNodeParameters(node),
    versionIndex: String(node.Version.Index),
    state: node.Status.State,
    role: node.Spec.Role,
    availability: node.Spec.Availability,
  };
}

/** Parameters of a node that is gone. */
export function removedNodeParameters(node: SwarmNode): Parameters {
  return {
    id: node.ID,
    hostname: node.Description.Hostname,
    address: node.Status.Addr ?? "",
  };
}
