import type * as docker from "@pulumi/docker";
import type { ResourceModel } from "../../model/model";
import { map, refused, str } from "../../model/model";
import { isNotFound } from "../engine/client";
import type { VolumeInspect } from "../engine/types";
import { fromLabelMap, labelSet, toLabelMap } from "../labels";
import type { EngineResource, Live, Plain } from "../resource";
import { retryWhile } from "../retry";

type Args = Plain<docker.VolumeArgs>;

/** How long a volume may be waited for whose containers are only just leaving, in milliseconds. */
const REMOVE_TIMEOUT_MS = 30_000;

const model: ResourceModel<Args> = {
  title: "Volume",
  autonamed: true,
  meta: '{"schema_version":"1"}',
  inputs: {
    cluster: refused("a cluster volume"),
    driver: str({ computed: true, replaces: true }),
    driverOpts: map({ replaces: true }),
    labels: labelSet("replace", { replaces: true }),
    name: str({ computed: true, replaces: true }),
  },
  outputs: { mountpoint: str({ computed: true }) },
};

/** `docker.Volume`. */
export const volume: EngineResource<Args> = {
  model,

  async create({ engine, context }, inputs) {
    const created = await engine.json<VolumeInspect>({
      method: "POST",
      path: "/volumes/create",
      signal: context.signal,
      body: {
        Name: inputs.name,
        Driver: inputs.driver,
        DriverOpts: inputs.driverOpts,
        Labels: toLabelMap(inputs.labels),
      },
    });
    return present(created);
  },

  async read({ engine, context }, id) {
    try {
      const path = `/volumes/${encodeURIComponent(id)}`;
      return present(await engine.json({ method: "GET", path, signal: context.signal }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },

  async delete({ engine, context }, id) {
    const path = `/volumes/${encodeURIComponent(id)}`;
    await retryWhile(
      /volume is in use/,
      { timeoutMs: REMOVE_TIMEOUT_MS, signal: context.signal },
      () => engine.json({ method: "DELETE", path, query: { force: true }, signal: context.signal }),
    );
  },
};

function present(found: VolumeInspect): Live {
  return {
    id: found.Name,
    properties: {
      cluster: null,
      driver: found.Driver,
      driverOpts: found.Options ?? {},
      labels: fromLabelMap(found.Labels),
      mountpoint: found.Mountpoint,
      name: found.Name,
    },
  };
}
