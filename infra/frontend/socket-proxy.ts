import * as pulumi from "@pulumi/pulumi";
import { BuiltImage } from "../image";
import type { Foundation } from "../foundation";
import { SwarmService } from "../service";

export interface SocketProxyArgs {
  readonly foundation: Foundation;
  /** How many managers there are: each has a task, so that losing a manager loses nothing. */
  readonly managers: number;
}

const SOCKET = "/var/run/docker.sock";
const SOCKET_PROXY = "socket-proxy";

/** Where the listener reads the swarm: the name of all tasks, on the `engine` network. */
export const ENGINE_HOST = `tcp://${SOCKET_PROXY}:2375`;

/** Gives the listener the few parts of the managers' engine API that it reads, and nobody a socket. */
export class SocketProxy extends pulumi.ComponentResource {
  constructor(name: string, args: SocketProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:frontend:SocketProxy", name, {}, opts);
    const { foundation } = args;
    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: "apps/socket-proxy", repository: "socket-proxy" },
      { parent: this },
    );
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: SOCKET_PROXY,
        image: image.reference,
        replicas: args.managers,
        maxReplicasPerNode: 1,
        networks: [{ network: foundation.networks.engine }],
        constraints: ["node.role==manager"],
        memory: { limit: 32, reservation: 16 },
        healthcheck: ["healthcheck"],
        mounts: [{ type: "bind", source: SOCKET, target: SOCKET, readOnly: true }],
        stopGraceSeconds: 20,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
