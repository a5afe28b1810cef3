import * as pulumi from "@pulumi/pulumi";
import { BuiltImage } from "../image";
import type { Foundation } from "../foundation";
import { httpHealthcheck } from "../healthcheck";
import { SwarmService } from "../service";
import { CONTROL_ALIAS, CONTROL_PORT } from "./proxy";
import { ENGINE_HOST } from "./socket-proxy";

export interface SwarmListenerArgs {
  readonly foundation: Foundation;
  /** How many managers there are. */
  readonly managers: number;
}

/** The service's name, where the proxy asks for what it should route. */
export const LISTENER = "swarm-listener";

/** Notices services that carry `com.df.notify=true` and tells the proxy about them. */
export class SwarmListener extends pulumi.ComponentResource {
  constructor(name: string, args: SwarmListenerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:frontend:SwarmListener", name, {}, opts);
    const { foundation } = args;
    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: "apps/swarm-listener", repository: "swarm-listener" },
      { parent: this },
    );
    const control = `http://${CONTROL_ALIAS}:${CONTROL_PORT}/v1/docker-flow-proxy`;
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: LISTENER,
        image: image.reference,
        // Each tells everything, and a proxy does nothing about what it knows. With one alone, nobody would be told of
        // anything for the 15 to 45 seconds that the swarm takes to start it elsewhere when it loses its manager.
        replicas: Math.min(2, args.managers),
        maxReplicasPerNode: 1,
        networks: [
          { network: foundation.networks.control },
          { network: foundation.networks.engine },
        ],
        constraints: ["node.role==manager"],
        memory: { limit: 128, reservation: 64 },
        env: {
          DF_DOCKER_HOST: ENGINE_HOST,
          // Events tell of a change at once; this is for those that a lost manager took with it.
          DF_SERVICE_POLLING_INTERVAL: "5",
          DF_NOTIFY_CREATE_SERVICE_URL: `${control}/reconfigure`,
          DF_NOTIFY_REMOVE_SERVICE_URL: `${control}/remove`,
        },
        healthcheck: httpHealthcheck(8080, "/v1/docker-flow-swarm-listener/ping"),
        stopGraceSeconds: 20,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
