import type * as docker from "@pulumi/docker";
import type { ResourceModel } from "../../model/model";
import { bool, map, objects, str } from "../../model/model";
import type { Value } from "../../protocol/values";
import { isNotFound } from "../engine/client";
import type { Ipam, NetworkInspect } from "../engine/types";
import { fromLabelMap, labelSet, toLabelMap } from "../labels";
import type { EngineResource, Live, Operation, Plain } from "../resource";
import { askUntil, retryWhile } from "../retry";

type Args = docker.NetworkArgs;

/** How long a network may be waited for that its containers are only just leaving, in milliseconds. */
const REMOVE_TIMEOUT_MS = 30_000;

/** How long the swarm may take to give a new network its driver and addresses, in milliseconds. */
const ALLOCATE_TIMEOUT_MS = 10_000;

const model: ResourceModel<Plain<Args>> = {
  title: "Network",
  autonamed: true,
  meta: '{"schema_version":"1"}',
  inputs: {
    attachable: bool({ replaces: true }),
    driver: str({ computed: true, replaces: true }),
    ingress: bool({ replaces: true }),
    internal: bool({ computed: true, replaces: true }),
    ipamConfigs: objects(
      "set",
      {
        auxAddress: map({ replaces: true }),
        gateway: str({ replaces: true }),
        ipRange: str({ replaces: true }),
        subnet: str({ replaces: true }),
      },
      { computed: true, replaces: true, rawName: "ipam_config" },
    ),
    ipamDriver: str({ default: "default", replaces: true }),
    ipamOptions: map({ replaces: true }),
    ipv6: bool({ replaces: true }),
    labels: labelSet("replace", { replaces: true }),
    name: str({ replaces: true }),
    options: map({ computed: true, replaces: true }),
  },
  outputs: { scope: str({ computed: true }) },
};

/** `docker.Network`. */
export const network: EngineResource<Plain<Args>> = {
  model,

  async create(operation, inputs) {
    const { engine } = operation;
    // An abort must not part what the engine has made from what the state knows of, so none is heeded here.
    const context = { ...operation.context, signal: new AbortController().signal };
    const { Id } = await engine.json<{ Id: string }>({
      method: "POST",
      path: "/networks/create",
      body: {
        Name: inputs.name,
        CheckDuplicate: true,
        Driver: inputs.driver,
        Internal: inputs.internal ?? false,
        Attachable: inputs.attachable ?? false,
        Ingress: inputs.ingress ?? false,
        EnableIPv6: inputs.ipv6 ?? false,
        IPAM: ipamOf(inputs),
        Options: inputs.options,
        Labels: toLabelMap(inputs.labels),
      },
    });
    const found = await askUntil(
      isAllocated,
      { timeoutMs: ALLOCATE_TIMEOUT_MS, signal: context.signal },
      () => inspectNetwork({ engine, context }, Id),
    );
    return present(found);
  },

  async read(operation, id) {
    try {
      return present(await inspectNetwork(operation, id));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },

  async delete({ engine, context }, id) {
    await retryWhile(
      /active endpoints|in use/,
      { timeoutMs: REMOVE_TIMEOUT_MS, signal: context.signal },
      () => engine.json({ method: "DELETE", path: `/networks/${id}`, signal: context.signal }),
    );
  },
};

/** Looks a network up by id or name. */
export function inspectNetwork(
  { engine, context }: Pick<Operation, "engine" | "context">,
  id: string,
): Promise<NetworkInspect> {
  const path = `/networks/${encodeURIComponent(id)}`;
  return engine.json({ method: "GET", path, signal: context.signal });
}

function isAllocated({ Driver, IPAM }: NetworkInspect): boolean {
  return Driver !== "" && Boolean(IPAM.Driver);
}

/** A network's address ranges in the state's form. */
export function ipamConfigs(ipam: Ipam): Value[] {
  return (ipam.Config ?? []).map((range) => ({
    subnet: range.Subnet ?? "",
    gateway: range.Gateway ?? "",
    ipRange: range.IPRange ?? "",
    auxAddress: range.AuxiliaryAddresses ?? {},
  }));
}

function ipamOf(inputs: Plain<Args>): Ipam {
  return {
    Driver: inputs.ipamDriver,
    Options: inputs.ipamOptions,
    Config: inputs.ipamConfigs?.map((range) => ({
      Subnet: range.subnet,
      IPRange: range.ipRange,
      Gateway: range.gateway,
      AuxiliaryAddresses: range.auxAddress,
    })),
  };
}

function present(found: NetworkInspect): Live {
  return {
    id: found.Id,
    properties: {
      name: found.Name,
      driver: found.Driver,
      scope: found.Scope,
      internal: found.Internal,
      attachable: found.Attachable,
      ingress: found.Ingress,
      ipv6: found.EnableIPv6,
      labels: fromLabelMap(found.Labels),
      options: found.Options ?? {},
      ipamDriver: found.IPAM.Driver ?? "default",
      ipamOptions: found.IPAM.Options ?? {},
      ipamConfigs: ipamConfigs(found.IPAM),
    },
  };
}
