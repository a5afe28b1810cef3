import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { gatewayAddress } from "./addresses";
import type { StackConfig } from "./config";
import { hostEngine } from "./host";

/** Where the machines stand: the host's engine, and a bridge network of the stack's own. */
export class Site extends pulumi.ComponentResource {
  /** The provider of the host's engine, where containers run and images are built. */
  public readonly engine: docker.Provider;
  /** Goes only when the whole stack goes. */
  public readonly network: docker.Network;

  constructor(name: string, config: StackConfig, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:site:Site", name, {}, opts);

    this.engine = new docker.Provider("engine", { host: hostEngine }, { parent: this });
    this.network = new docker.Network(
      `${name}-network`,
      {
        name: config.prefix,
        driver: "bridge",
        // Without a gateway the engine fills one in when it restarts, and a refresh would read that
        // as a reason to replace the network.
        ipamConfigs: [{ subnet: config.subnet, gateway: gatewayAddress(config.subnet) }],
        labels: [{ label: "swarm.stack", value: config.stack }],
      },
      { parent: this, provider: this.engine },
    );
    this.registerOutputs();
  }
}

/** Where machines that are servers are looked after from: this computer's engine, where images are built. */
export class HostSite extends pulumi.ComponentResource {
  /** The provider of that engine. */
  public readonly engine: docker.Provider;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:site:HostSite", name, {}, opts);
    this.engine = new docker.Provider("engine", { host: hostEngine }, { parent: this });
    this.registerOutputs();
  }
}
