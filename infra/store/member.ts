import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Foundation } from "../foundation";
import { STORE_FOLDER } from "../machines";
import { SwarmService } from "../service";
import { SET_NAME, STORE_ALIAS } from "./names";
import { MEMBER_LABEL } from "./placement";

export interface StoreMemberArgs {
  readonly foundation: Foundation;
  /** Counted from 1; the member's node and volume have it too. */
  readonly number: number;
  readonly image: pulumi.Input<string>;
  /** Limit in MiB. */
  readonly memory: number;
  /** What the members authenticate each other by. */
  readonly key: docker.Secret;
  /** What must be there before the member is made or changed. */
  readonly after: readonly pulumi.Resource[];
}

/** The image's user `mongodb`; mongod refuses a key file that others may read. */
const MONGODB_UID = 999;
const KEY_FILE = "mongo-keyfile";

/** GB of WiredTiger's cache: its own default, half of what is above a part for everything else, and never less than 0.25. */
export const cacheGigabytes = (memory: number): number =>
  Math.max(0.25, Math.floor(((memory - 256) / 2 / 1024) * 100) / 100);

/**
 * One member of the replica set: a mongod with a volume and a node of its own, under a name of its own and the one
 * that all share.
 */
export class StoreMember extends pulumi.ComponentResource {
  constructor(name: string, args: StoreMemberArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:store:StoreMember", name, {}, opts);
    const { foundation, memory, number } = args;

    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: name,
        image: args.image,
        args: [
          "mongod",
          ...["--replSet", SET_NAME],
          ...["--keyFile", `/run/secrets/${KEY_FILE}`],
          "--bind_ip_all",
          ...["--wiredTigerCacheSizeGB", String(cacheGigabytes(memory))],
        ],
        // A mongod looks itself up by its name in the set, before DNS has it.
        hostname: name,
        replicas: 1,
        networks: [{ network: foundation.networks.apps_net, aliases: [STORE_ALIAS] }],
        constraints: [
          "node.role==worker",
          "node.labels.logger!=true",
          `node.labels.${MEMBER_LABEL}==${number}`,
        ],
        memory: { limit: memory, reservation: memory },
        mounts: [
          {
            type: "volume",
            source: `mongo-data-${number}`,
            target: "/data/db",
            volumeOptions: {
              driverName: "local",
              driverOptions: { type: "none", o: "bind", device: STORE_FOLDER },
            },
          },
          // The image declares a volume there too, and each task would leave one behind.
          { type: "tmpfs", target: "/data/configdb" },
        ],
        secrets: [{ secret: args.key, file: KEY_FILE, uid: MONGODB_UID }],
        healthcheck: ["mongo-healthcheck"],
        // After a crash it reads its journal first, and under load it answers late: neither is a reason to kill it.
        patience: { startSeconds: 600, intervalSeconds: 10, timeoutSeconds: 10, retries: 5 },
        // Told to stop, a member hands over and waits up to 15 s for its clients before it closes its files.
        stopGraceSeconds: 90,
        after: args.after,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
