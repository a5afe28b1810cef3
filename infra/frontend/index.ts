import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config";
import type { Foundation } from "../foundation";
import { COMPANION, LetsencryptCompanion } from "./letsencrypt-companion";
import { Proxy } from "./proxy";
import { SocketProxy } from "./socket-proxy";
import { SwarmListener } from "./swarm-listener";

export interface FrontendArgs {
  readonly config: StackConfig;
  readonly foundation: Foundation;
}

/** What faces the clients: the listener notices services, the proxy routes to them, the companion certifies their names. */
export class Frontend extends pulumi.ComponentResource {
  constructor(name: string, args: FrontendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:frontend:Frontend", name, {}, opts);
    const { config, foundation } = args;
    const { letsencrypt } = config;

    new SocketProxy(
      "socket-proxy",
      { foundation, managers: config.machines.manager },
      { parent: this },
    );
    new SwarmListener(
      "swarm-listener",
      { foundation, managers: config.machines.manager },
      { parent: this },
    );
    new Proxy(
      "proxy",
      {
        foundation,
        replicas: config.proxyReplicas,
        edgeAddresses: config.entry.addresses,
        tcpPorts: config.proxyTcpPorts,
        httpsPort: config.entry.httpsPort,
        companionAddress: letsencrypt && COMPANION,
      },
      { parent: this },
    );
    if (letsencrypt) {
      new LetsencryptCompanion(COMPANION, { foundation, letsencrypt }, { parent: this });
    }
    this.registerOutputs();
  }
}
