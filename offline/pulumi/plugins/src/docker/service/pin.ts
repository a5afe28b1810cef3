import type { RegistryCredentials } from "../auth";
import { authHeader } from "../auth";
import type { DistributionInspect, ServiceSpec } from "../engine/types";
import type { Operation } from "../resource";

/**
 * Asks the image's registry, as the docker client does, which digest a tag has, so that all nodes run the same
 * image; and, for a new service, which platforms it is for, so that only those get tasks that can run it.
 * What the registry does not tell is left to the nodes.
 */
export async function pinImage(
  { engine, context }: Operation,
  spec: ServiceSpec,
  credentials: RegistryCredentials,
  { isNew }: { readonly isNew: boolean },
): Promise<ServiceSpec> {
  const container = spec.TaskTemplate.ContainerSpec;
  let found: DistributionInspect;
  try {
    found = await engine.json<DistributionInspect>({
      method: "GET",
      path: `/distribution/${container.Image}/json`,
      headers: authHeader(credentials),
      signal: context.signal,
    });
  } catch (error) {
    if (context.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    context.log(`the registry does not tell the digest of ${container.Image}: ${why}`, "debug");
    return spec;
  }
  const platforms = found.Platforms?.map(({ architecture, os }) => ({
    Architecture: architecture,
    OS: os,
  }));
  const placement = spec.TaskTemplate.Placement ?? {};
  const digest = found.Descriptor.digest;
  return {
    ...spec,
    TaskTemplate: {
      ...spec.TaskTemplate,
      ContainerSpec: {
        ...container,
        Image: container.Image.includes("@") ? container.Image : `${container.Image}@${digest}`,
      },
      Placement: isNew ? { ...placement, Platforms: placement.Platforms ?? platforms } : placement,
    },
  };
}
