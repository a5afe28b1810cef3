import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** The overlays of the system and their subnets, the same in each stack: every stack has a swarm. */
export const overlaySubnets = {
  /** Proxy and apps. */
  main: "10.248.0.0/20",
  /** Apps and their stores. */
  apps_net: "10.248.16.0/20",
  /** Apps and the logging tier. */
  log_net: "10.248.32.0/20",
  /** Listener, proxy and companion: the proxy's control API, where no app is. */
  control: "10.248.48.0/20",
  /** Listener and socket proxies: the managers' engine API, where nobody else is. */
  engine: "10.248.64.0/20",
} as const;

export type NetworkName = keyof typeof overlaySubnets;

/** The overlays, by name. */
export class Networks extends pulumi.ComponentResource {
  public readonly byName: Readonly<Record<NetworkName, docker.Network>>;

  constructor(name: string, args: Record<string, never>, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:networks:Networks", name, args, opts);
    const overlay = (network: NetworkName): docker.Network =>
      new docker.Network(
        network,
        {
          name: network,
          driver: "overlay",
          // No container that is not a service's may reach the engines, and nothing there needs the world.
          attachable: network !== "engine",
          internal: network === "engine",
          ipamConfigs: [{ subnet: overlaySubnets[network] }],
        },
        // The engine adds a VXLAN id and a gateway, which would read as a change for ever.
        { parent: this, ignoreChanges: ["options", "ipamConfigs"] },
      );
    this.byName = {
      main: overlay("main"),
      apps_net: overlay("apps_net"),
      log_net: overlay("log_net"),
      control: overlay("control"),
      engine: overlay("engine"),
    };
    this.registerOutputs();
  }
}
