import * as pulumi from "@pulumi/pulumi";
import { edgeAddress } from "../addresses";
import type { StackConfig } from "../config";
import type { Platform } from "../platform";
import { Proxy } from "./proxy";
import { SwarmListener } from "./swarm-listener";

export interface FrontendArgs {
  readonly config: StackConfig;
  readonly platform: Platform;
}

/** What faces the clients: the listener notices services, the proxy routes to them. */
export class Frontend extends pulumi.ComponentResource {
  constructor(name: string, args: FrontendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:frontend:Frontend", name, {}, opts);
    const { config, platform } = args;

    new SwarmListener("swarm-listener", { platform }, { parent: this });
    new Proxy(
      "proxy",
      { platform, replicas: config.proxyReplicas, edgeAddresses: [edgeAddress(config.subnet)] },
      { parent: this },
    );
    this.registerOutputs();
  }
}
