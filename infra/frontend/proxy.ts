import * as pulumi from "@pulumi/pulumi";
import { BuiltImage } from "../image";
import { overlaySubnets } from "../networks";
import type { Foundation } from "../foundation";
import { SwarmService } from "../service";
import { LISTENER } from "./swarm-listener";

export interface ProxyArgs {
  readonly foundation: Foundation;
  readonly replicas: number;
  /** From here, and only from here, connections start with PROXY protocol. */
  readonly edgeAddresses: readonly string[];
  /** Ports besides HTTP and HTTPS that routes may open. */
  readonly tcpPorts: readonly number[];
  /** The HTTPS port that clients see, for redirects. */
  readonly httpsPort: number;
  /** Where a proxy that starts asks for certificates; undefined where there is no companion. */
  readonly companionAddress: string | undefined;
}

/** The name of all proxies' control APIs on the control network. */
export const CONTROL_ALIAS = "proxy-control";
export const CONTROL_PORT = 8080;

/** Routes requests to the tasks of services: HAProxy, configured by the listener's notices. */
export class Proxy extends pulumi.ComponentResource {
  constructor(name: string, args: ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:frontend:Proxy", name, {}, opts);
    const { foundation } = args;
    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: "apps/proxy", repository: "proxy" },
      { parent: this },
    );
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: "proxy",
        image: image.reference,
        replicas: args.replicas,
        maxReplicasPerNode: 1,
        networks: [
          { network: foundation.networks.main },
          { network: foundation.networks.control, aliases: [CONTROL_ALIAS] },
        ],
        constraints: ["node.role==manager"],
        memory: { limit: 256, reservation: 96 },
        env: {
          MODE: "swarm",
          LISTENER_ADDRESS: LISTENER,
          SERVICE_NAME: CONTROL_ALIAS,
          CONTROL_SUBNET: overlaySubnets.control,
          // A notice that came while a task was starting, and not in DNS yet, is made up for.
          REPEAT_RELOAD: "true",
          HTTPS_PORT_PUBLIC: String(args.httpsPort),
          EDGE_ADDRESSES: args.edgeAddresses.join(","),
          ...(args.tcpPorts.length > 0 ? { TCP_PORTS: args.tcpPorts.join(",") } : {}),
          ...(args.companionAddress === undefined
            ? {}
            : { COMPANION_ADDRESS: args.companionAddress }),
        },
        healthcheck: ["node", "dist/healthcheck.js"],
        hostPorts: [80, 443, ...args.tcpPorts],
        // One on every node: routes and certificates outlive the tasks.
        mounts: [{ type: "volume", source: "proxy-data", target: "/var/lib/proxy" }],
        stopGraceSeconds: 40,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
