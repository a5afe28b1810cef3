import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { HostPlatform } from "./host";
import type { NetworkName } from "./networks";
import type { Registry } from "./registry";

/** What every tier on the swarm stands on. */
export interface Foundation {
  /** The provider of the host's engine, where images are built. */
  readonly engine: docker.Provider;
  readonly registry: Registry;
  /** What the host and the machines run. */
  readonly platform: HostPlatform;
  readonly networks: Readonly<Record<NetworkName, docker.Network>>;
  /** A tag that tells the images of stacks apart on one engine. */
  readonly tag: string;
  /** What goes only when the whole stack goes; with it, nothing on the swarm is deleted one by one. */
  readonly cluster: pulumi.Resource;
}
