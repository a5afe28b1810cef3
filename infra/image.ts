import * as docker from "@pulumi/docker";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { setRepositoryModes } from "./context";
import { hostEngine, type HostPlatform } from "./host";
import type { Registry } from "./registry";

/** The images that ours are built from, under their official names. */
export const baseImages = ["debian:trixie-slim", "node:24-trixie-slim"] as const;

export interface BuiltImageArgs {
  /** Folder with the Dockerfile and the sources, relative to the project. */
  readonly context: string;
  /** The image's name, without registry: `app1`. */
  readonly repository: string;
  /** The provider of the host's engine, where the build runs. */
  readonly engine: docker.Provider;
  readonly platform: HostPlatform;
  /** Where the image goes; left out, it stays on the host's engine. */
  readonly registry?: Registry;
  /** A tag that tells stacks apart on one engine. */
  readonly tag: string;
  /** Values of the Dockerfile's `ARG`s. */
  readonly args?: Readonly<Record<string, string>>;
}

/** An image of ours: built on the host's engine, pushed, and referenced by its digest. */
export class BuiltImage extends pulumi.ComponentResource {
  /**
   * What services and containers run: `<pull address>/<repository>@<digest>`, or the image's id when
   * it is not pushed. The digest stands for the content, so an unchanged source changes nothing.
   */
  public readonly reference: pulumi.Output<string>;

  constructor(name: string, args: BuiltImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:image:BuiltImage", name, {}, opts);

    const { registry } = args;
    const localName = pulumi.interpolate`${args.repository}:${args.tag}`;
    const imageName = registry
      ? pulumi.interpolate`${registry.pushAddress}/${localName}`
      : localName;
    // Deleting an Image resource leaves the tag behind on the engine. What removes it is there before the
    // image, so that a build that was cut off leaves none either.
    const tag = new local.Command(
      `${name}-tag`,
      {
        create: "true",
        update: "true",
        delete: "bash scripts/host/untag.sh",
        environment: { ENGINE: hostEngine, IMAGE: imageName },
        // Another name is another tag: the old one is removed with the old command.
        triggers: [imageName],
      },
      { parent: this },
    );
    setRepositoryModes(args.context);
    const image = new docker.Image(
      `${name}-build`,
      {
        imageName,
        build: {
          context: args.context,
          dockerfile: `${args.context}/Dockerfile`,
          args: args.args,
          platform: `${args.platform.os}/${args.platform.architecture}`,
          builderVersion: docker.BuilderVersion.BuilderBuildKit,
        },
        skipPush: registry === undefined,
        registry: registry?.login,
      },
      { parent: this, provider: args.engine, dependsOn: tag },
    );

    this.reference = registry
      ? pulumi
          .all([image.repoDigest, registry.pullAddress])
          .apply(([digest, pull]) => pullReference(digest, pull))
      : image.repoDigest;
    this.registerOutputs({ reference: this.reference });
  }
}

/** `repoDigest` carries the push address; machines pull from another one. */
export function pullReference(repoDigest: string, pullAddress: string): string {
  const slash = repoDigest.indexOf("/");
  if (slash < 0 || !repoDigest.includes("@sha256:")) {
    throw new Error(`expected <registry>/<repository>@sha256:<digest>, got "${repoDigest}"`);
  }
  return `${pullAddress}${repoDigest.slice(slash)}`;
}
