import type * as docker from "@pulumi/docker";
import type { ResourceModel } from "../../model/model";
import { bool, map, refused, str } from "../../model/model";
import { textOf } from "../../protocol/values";
import { authHeader } from "../auth";
import { isNotFound } from "../engine/client";
import { followProgress } from "../engine/progress";
import type { ImageInspect } from "../engine/types";
import { repositoryOf } from "../image/inputs";
import type { EngineResource, Live, Operation, Plain } from "../resource";

type Args = Plain<docker.RemoteImageArgs>;

/** Twenty minutes, which the real plugin writes into the state as the time that pulling may take. */
const TIMEOUTS =
  '"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":' +
  '{"create":1200000000000,"delete":1200000000000,"update":1200000000000}';

const model: ResourceModel<Args> = {
  title: "RemoteImage",
  autonamed: false,
  meta: `{${TIMEOUTS}}`,
  previewMeta: `{"_new_extra_shim":{},${TIMEOUTS}}`,
  inputs: {
    build: refused("building a docker.RemoteImage (docker.Image builds)"),
    forceRemove: bool(),
    keepLocally: bool(),
    name: str({ required: true, replaces: true }),
    platform: str({ replaces: true }),
    pullTriggers: { kind: "set", replaces: true },
    triggers: map({ replaces: true }),
  },
  outputs: { imageId: str({ computed: true }), repoDigest: str({ computed: true }) },
};

/** `docker.RemoteImage`: an image that the engine has pulled. */
export const remoteImage: EngineResource<Args> = {
  model,

  async create(operation, inputs) {
    const found = await find(operation, inputs.name);
    if (found) return present(inputs.name, found);
    await pull(operation, inputs);
    const pulled = await find(operation, inputs.name);
    if (!pulled) throw new Error(`unable to find or pull image ${inputs.name}`);
    return present(inputs.name, pulled);
  },

  async read(operation, _id, prior) {
    const name = textOf(prior.name);
    const found = await find(operation, name);
    return found && present(name, found);
  },

  async update(operation, _id, inputs) {
    return remoteImage.create(operation, inputs);
  },

  async delete({ engine, context }, _id, state) {
    if (state.keepLocally === true) return;
    try {
      await engine.json({
        method: "DELETE",
        path: `/images/${textOf(state.name)}`,
        query: { force: state.forceRemove === true },
        signal: context.signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  },
};

async function find(
  { engine, context }: Operation,
  name: string,
): Promise<ImageInspect | undefined> {
  try {
    const path = `/images/${name}/json`;
    return await engine.json({ method: "GET", path, signal: context.signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function pull({ engine, context, auth }: Operation, { name, platform }: Args): Promise<void> {
  // Without a tag the engine would pull every tag there is.
  const hasTag = name.includes("@") || repositoryOf(name) !== name;
  const stream = await engine.stream({
    method: "POST",
    path: "/images/create",
    query: { fromImage: name, tag: hasTag ? undefined : "latest", platform },
    headers: authHeader(auth.forImage(name)),
    signal: context.signal,
  });
  await followProgress(stream, ({ id, status, progress }) => {
    if (status !== undefined && progress === undefined) context.status(`${id ?? name}: ${status}`);
  });
}

function present(name: string, found: ImageInspect): Live {
  const digests = found.RepoDigests ?? [];
  const repository = repositoryOf(name);
  return {
    id: found.Id + name,
    properties: {
      imageId: found.Id,
      repoDigest: digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0] ?? "",
    },
  };
}
