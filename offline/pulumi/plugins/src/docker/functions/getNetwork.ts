import type { PropertyMap } from "../../protocol/values";
import { textOf } from "../../protocol/values";
import { isNotFound } from "../engine/client";
import type { NetworkInspect } from "../engine/types";
import type { Connection } from "../resource";
import { ipamConfigs } from "../resources/network";

/**
 * `docker.getNetwork`: looks a network up by name.
 * @throws if there is none of that name
 */
export async function getNetwork(
  { engine }: Connection,
  args: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const name = textOf(args.name);
  let found: NetworkInspect;
  try {
    const path = `/networks/${encodeURIComponent(name)}`;
    found = await engine.json({ method: "GET", path, signal });
  } catch (error) {
    if (isNotFound(error)) throw new Error(`Could not find docker network: ${error.message}`);
    throw error;
  }
  return {
    containers: Object.entries(found.Containers ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([containerId, container]) => ({
        containerId,
        name: container.Name,
        endpointId: container.EndpointID,
        macAddress: container.MacAddress,
        ipv4Address: container.IPv4Address,
        ipv6Address: container.IPv6Address,
      })),
    driver: found.Driver,
    id: found.Id,
    internal: found.Internal,
    ipamConfigs: ipamConfigs(found.IPAM),
    name: found.Name,
    options: found.Options ?? {},
    scope: found.Scope,
  };
}
