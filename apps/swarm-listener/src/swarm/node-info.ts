import type { SwarmNode, SwarmService, SwarmTask } from "../engine/types";

/** The label that names the network on which a service's tasks are to be found. */
const NETWORK_LABEL = "com.df.scrapeNetwork";

/** The services whose tasks are asked for. */
export function scraped(services: readonly SwarmService[]): SwarmService[] {
  return services.filter(({ Spec }) => Spec.Labels?.[NETWORK_LABEL] !== undefined);
}

/**
 * Where the tasks of a service run: a JSON array of `[host name, address on the network, node id]`, each once and in order, so that the
 * same tasks make the same text.
 * @param tasks of all services
 * @param withAddress whether tasks are told by their address; if not, it is empty and a node with two tasks appears once
 * @returns undefined when no task runs, or the service does not name its network
 */
export function nodeInfoOf(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  nodes: readonly SwarmNode[],
  withAddress: boolean,
): string | undefined {
  const network = service.Spec.Labels?.[NETWORK_LABEL];
  if (network === undefined) return undefined;
  const names = new Map(nodes.map(({ ID, Description }) => [ID, Description.Hostname]));
  const found = new Set<string>();
  for (const task of tasks) {
    if (task.ServiceID !== service.ID || task.Status.State !== "running") continue;
    const hostname = names.get(task.NodeID ?? "");
    const address = withAddress ? addressOn(task, network) : "";
    if (hostname === undefined || address === undefined) continue;
    found.add(JSON.stringify([hostname, address, task.NodeID]));
  }
  return found.size === 0 ? undefined : `[${[...found].sort().join(",")}]`;
}

function addressOn(task: SwarmTask, network: string): string | undefined {
  const attachment = task.NetworksAttachments?.find(({ Network }) => Network.Spec.Name === network);
  return attachment?.Addresses?.[0]?.split("/")[0];
}
