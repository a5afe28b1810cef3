import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import type { AppSpec } from "../apps/app";
import type { StackConfig } from "../config";
import type { Foundation } from "../foundation";
import { hostEngine } from "../host";
import { BuiltImage } from "../image";
import { randomSecret, swarmSecret } from "../secrets";
import { StoreKeeper, type StoreUser } from "./keeper";
import { cacheGigabytes, StoreMember } from "./member";
import { KEEPER, memberHosts, memberNames, storeUrl, userName } from "./names";

export { storeImage, storeLabels, storeMembers } from "./placement";

export interface StoreArgs {
  readonly config: StackConfig;
  readonly foundation: Foundation;
  /** How many members there really are: {@link storeMembers}. */
  readonly members: number;
  /** The applications, some of which have a database. */
  readonly apps: readonly AppSpec[];
}

/** How an application gets at its database. */
export interface Database {
  /** The URL with the password in it, as a file of the application's containers. */
  readonly url: docker.Secret;
  /** There once the user of that URL is. */
  readonly ready: pulumi.Resource;
  /** The same without the password, for people. */
  readonly hint: string;
}

/** The store: one replica set, its keeper, and for each application a database with a user of its own. */
export class Store extends pulumi.ComponentResource {
  public readonly databases: Readonly<Record<string, Database>>;

  constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:store:Store", name, {}, opts);
    const { config, foundation, members } = args;
    const child = { parent: this };
    const databases = [...new Set(args.apps.flatMap(({ database }) => database ?? []))];
    const onSwarm = { ...child, deletedWith: foundation.cluster };

    const image = new BuiltImage(
      `${name}-image`,
      {
        ...foundation,
        context: "infra/images/mongo",
        repository: "mongo",
        args: { TAG: config.store.tag },
      },
      child,
    );
    const keyText = randomSecret(`${name}-key-value`, 256, child);
    const key = swarmSecret(`${name}-key`, keyText, onSwarm);

    const accounts = databases.flatMap((database) =>
      config.store.passwords.map((number) => {
        const user = userName(database, number);
        const text = randomSecret(`${name}-password-${user}-value`, 24, child);
        return {
          database,
          user,
          text,
          secret: swarmSecret(`${name}-password-${user}`, text, onSwarm),
        };
      }),
    );
    const users = accounts.map(({ user, database, secret }): StoreUser => ({
      name: user,
      database,
      password: secret,
    }));
    const keeper = new StoreKeeper(KEEPER, { foundation, members, key, users }, child);

    // What a member is made of: where this changes, it is restarted, and the next one waits for it.
    const revision = pulumi
      .all([image.reference, key.id])
      .apply((parts) => digest([...parts, String(cacheGigabytes(config.store.memory))]));
    const wait = (suffix: string, forWhat: readonly string[], after: readonly pulumi.Resource[]) =>
      new local.Command(
        `${name}-${suffix}`,
        {
          create: "bash scripts/store/await.sh",
          update: "bash scripts/store/await.sh",
          environment: {
            STACK: config.stack,
            ENGINE: hostEngine,
            FOR: forWhat.join(" "),
            REVISION: revision,
          },
        },
        { ...onSwarm, dependsOn: [...after] },
      );

    let last: pulumi.Resource = keeper;
    for (const [i, member] of memberNames(members).entries()) {
      const made = new StoreMember(
        member,
        {
          foundation,
          number: i + 1,
          image: image.reference,
          memory: config.store.memory,
          key,
          after: [last],
        },
        child,
      );
      const next = memberHosts(members)[i + 1];
      last = next === undefined ? made : wait(`before-${i + 2}`, ["calm", next], [made]);
    }
    const names = users.map((user) => user.name).join(",");
    const ready = wait("settled", ["settled", memberHosts(members).join(","), names], [last]);

    this.databases = Object.fromEntries(
      databases.map((database) => {
        const account = accounts.filter((a) => a.database === database).at(-1);
        if (!account) throw new Error("a store has at least one password");
        const { user, text } = account;
        const url = text.apply((password) => storeUrl(members, database, user, password));
        return [
          database,
          {
            url: swarmSecret(`${name}-url-${database}`, url, onSwarm),
            ready,
            hint: storeUrl(members, database, user),
          },
        ];
      }),
    );
    this.registerOutputs();
  }
}

const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
