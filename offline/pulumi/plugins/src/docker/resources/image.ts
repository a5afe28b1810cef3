import { arch } from "node:os";
import type { CheckFailure, DiffKind, DiffResult } from "../../protocol/provider";
import type { PropertyMap, Value } from "../../protocol/values";
import {
  canonical,
  hasUnknown,
  isAbsent,
  isMap,
  isSecret,
  mapValues,
  reveal,
  revealMap,
  secret,
} from "../../protocol/values";
import { buildAndPush } from "../image/build";
import { contextDigest } from "../image/contextDigest";
import type { ImageInputs } from "../image/inputs";
import {
  parseImage,
  requireDockerfile,
  requireQualified,
  unknownProperties,
} from "../image/inputs";
import { relativeDockerfile } from "../image/tar";
import type { Operation, ResourceHandler } from "../resource";

/** Go's names for what Node calls a processor. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/**
 * `docker.Image`: built here, pushed to a registry. The real plugin treats it by hand, not through its
 * Terraform bridge: no `__defaults`, inputs kept in the state under `__inputs`, no look at what became of it.
 */
export const image: ResourceHandler = {
  // eslint-disable-next-line @typescript-eslint/require-await -- errors are to be rejections
  async check(context, _olds, news) {
    const inputs = withoutNulls(revealMap(news));
    const failures = unknownProperties(inputs).map((property): CheckFailure => ({
      property,
      reason: `property '${property}' is not supported by the offline plugin`,
    }));
    if (inputs.buildOnPreview === true) {
      const reason = "building in a preview is not supported by the offline plugin";
      failures.push({ property: "buildOnPreview", reason });
    }
    if (failures.length > 0) return { inputs, failures };

    const build: PropertyMap = isMap(inputs.build) ? { ...inputs.build } : {};
    const parsed = parseImage(inputs);
    inputs.buildOnPreview = false;
    if (!hasUnknown(build.context)) build.context = parsed.context;
    if (!hasUnknown(build.dockerfile)) {
      build.dockerfile = parsed.dockerfile;
      requireDockerfile(parsed);
      build.contextDigest = contextDigest(parsed.context, parsed.dockerfile);
    }
    if (isAbsent(build.platform)) {
      build.platform = `linux/${ARCHITECTURES[arch()] ?? arch()}`;
      context.log(
        `Building your image for ${build.platform} architecture.\n` +
          "To ensure you are building for the correct platform, consider " +
          "explicitly setting the `platform` field on ImageBuildOptions.",
      );
    }
    inputs.build = build;
    const needsRegistry = parsed.cacheFrom.length > 0 || !parsed.skipPush;
    if (needsRegistry && !hasUnknown(inputs.imageName)) {
      for (const name of [parsed.imageName, ...parsed.cacheFrom]) requireQualified(name);
    }
    return { inputs, failures };
  },

  diff: (_oldInputs, olds, news) => diffImage(recordedInputs(olds), withoutNulls(revealMap(news))),

  previewCreate: (inputs) => inputs,
  previewUpdate: (_olds, news) => news,

  async create(operation, inputs) {
    const properties = await build(operation, inputs);
    return { id: parseImage(inputs).imageName, properties };
  },

  read: (_operation, id, inputs, prior) => Promise.resolve({ id, inputs, properties: prior }),

  update: (operation, _id, _oldInputs, _olds, news) => build(operation, news),

  // What was pushed may be in use by whoever pulled it.
  delete: () => Promise.resolve(),
};

async function build(operation: Operation, inputs: PropertyMap): Promise<PropertyMap> {
  const parsed: ImageInputs = parseImage(inputs);
  const repoDigest = await buildAndPush(operation, parsed);
  return {
    __inputs: secret(inputs),
    baseImageName: parsed.imageName,
    context: parsed.context,
    dockerfile: relativeDockerfile(parsed.context, parsed.dockerfile),
    imageName: parsed.imageName,
    platform: parsed.platform ?? "",
    registryServer: parsed.registry.server,
    repoDigest,
  };
}

/** The inputs of the last build, from the state. */
function recordedInputs(state: PropertyMap): PropertyMap {
  const recorded = isSecret(state.__inputs) ? state.__inputs.value : state.__inputs;
  return isMap(recorded) ? withoutNulls(revealMap(recorded)) : {};
}

function diffImage(old: PropertyMap, news: PropertyMap): DiffResult {
  const detailed: Record<string, DiffKind> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(news)])) {
    const [before, after] = [old[key], news[key]];
    if (canonical(before) === canonical(after)) continue;
    if (before === undefined) detailed[key] = "ADD";
    else if (after === undefined) detailed[key] = "DELETE";
    // Credentials may change as they like: that is no reason to build again.
    else if (key !== "registry" || serverOf(before) !== serverOf(after)) detailed[key] = "UPDATE";
  }
  const changes = Object.keys(detailed).length > 0;
  return {
    changes,
    detailed,
    inputDiff: false,
    hasDetailed: changes,
    replaces: [],
    diffs: [],
    stables: [],
    deleteBeforeReplace: false,
  };
}

function serverOf(registry: Value): string {
  return canonical(isMap(registry) ? registry.server : undefined);
}

function withoutNulls(map: PropertyMap): PropertyMap {
  const prune = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(prune);
    return isMap(value) ? withoutNulls(value) : value;
  };
  const kept = Object.entries(map).filter(([, value]) => !isAbsent(value));
  return mapValues(Object.fromEntries(kept), (value) => prune(reveal(value)));
}
