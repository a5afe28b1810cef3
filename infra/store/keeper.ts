import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Foundation } from "../foundation";
import { BuiltImage } from "../image";
import { SwarmService } from "../service";
import { KEEPER, memberHosts, SET_NAME } from "./names";
import { KEEPER_LABEL } from "./placement";

/** A user of an application's database, and the secret that holds its password. */
export interface StoreUser {
  readonly name: string;
  readonly database: string;
  readonly password: docker.Secret;
}

export interface StoreKeeperArgs {
  readonly foundation: Foundation;
  readonly members: number;
  readonly key: docker.Secret;
  readonly users: readonly StoreUser[];
}

/** The image's user `node`. */
const NODE_UID = 1000;

/** Forms the replica set, and keeps its members and users as they should be. */
export class StoreKeeper extends pulumi.ComponentResource {
  constructor(name: string, args: StoreKeeperArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:store:StoreKeeper", name, {}, opts);
    const { foundation } = args;
    const passwordFile = (user: StoreUser): string => `mongo-password-${user.name}`;

    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: "apps/mongo-keeper", repository: KEEPER },
      { parent: this },
    );
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: KEEPER,
        image: image.reference,
        replicas: 1,
        networks: [{ network: foundation.networks.apps_net }],
        // Where its record is, and on none of the members' nodes.
        constraints: ["node.role==manager", `node.labels.${KEEPER_LABEL}==true`],
        // A backup or a restore runs beside it, and takes 270 MB for documents of 15 MB, which is about the most they can have.
        memory: { limit: 512, reservation: 64 },
        env: {
          MEMBERS: memberHosts(args.members).join(","),
          SET_NAME,
          KEY_FILE: "/run/secrets/mongo-keyfile",
          USERS: args.users
            .map((user) => `${user.name}@${user.database}=/run/secrets/${passwordFile(user)}`)
            .join(","),
        },
        secrets: [
          { secret: args.key, file: "mongo-keyfile", uid: NODE_UID },
          ...args.users.map((user) => ({
            secret: user.password,
            file: passwordFile(user),
            uid: NODE_UID,
          })),
        ],
        mounts: [{ type: "volume", source: "mongo-keeper", target: "/data" }],
        healthcheck: ["node", "dist/healthcheck.js"],
        stopGraceSeconds: 45,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
