import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Foundation } from "../foundation";
import { BuiltImage } from "../image";
import type { LetsencryptConfig } from "../letsencrypt";
import { SwarmService } from "../service";
import { CONTROL_ALIAS } from "./proxy";

export interface LetsencryptCompanionArgs {
  readonly foundation: Foundation;
  readonly letsencrypt: LetsencryptConfig;
}

/** The service's name, where a proxy that starts asks for certificates. */
export const COMPANION = "letsencrypt-companion";

const CHALLENGE_PORT = 80;
const CA_BUNDLE = "/etc/companion/ca.pem";

/** Obtains certificates by ACME, keeps them fresh, and gives them to every proxy. */
export class LetsencryptCompanion extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: LetsencryptCompanionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("swarm:frontend:LetsencryptCompanion", name, {}, opts);
    const { foundation, letsencrypt } = args;
    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: "apps/letsencrypt-companion", repository: "letsencrypt-companion" },
      { parent: this },
    );
    const { caBundle } = letsencrypt;
    // Without a name of its own, so that a new one is there before the old one goes.
    const bundle =
      caBundle === undefined
        ? undefined
        : new docker.ServiceConfig(
            `${name}-ca`,
            { dataRaw: caBundle },
            { parent: this, deletedWith: foundation.cluster },
          );
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: COMPANION,
        image: image.reference,
        replicas: 1,
        networks: [{ network: foundation.networks.control }],
        // The volume is there and nowhere else.
        constraints: [`node.hostname==${letsencrypt.node}`],
        memory: { limit: 256, reservation: 64 },
        labels: {
          "com.df.notify": "true",
          "com.df.distribute": "true",
          "com.df.servicePath": "/.well-known/acme-challenge",
          "com.df.port": String(CHALLENGE_PORT),
          // Before every other rule for that path.
          "com.df.aclName": "00_letsencrypt_companion",
        },
        env: companionEnvironment(letsencrypt),
        healthcheck: ["node", "--max-old-space-size=16", "dist/healthcheck.js"],
        mounts: [{ type: "volume", source: "letsencrypt", target: "/etc/letsencrypt" }],
        configs: bundle && [
          { configId: bundle.id, configName: bundle.name, fileName: CA_BUNDLE, fileMode: 0o444 },
        ],
        stopGraceSeconds: 30,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** The article's variables, and those of our own. */
export function companionEnvironment(letsencrypt: LetsencryptConfig): Record<string, string> {
  const { domains, directoryUrl, staging, cron, caBundle, profile } = letsencrypt;
  const sets = domains.map((set, i) => [`DOMAIN_${i + 1}`, bashArray(set.domains)]);
  return {
    ...(Object.fromEntries(sets) as Record<string, string>),
    DOMAIN_COUNT: String(domains.length),
    CERTBOT_EMAIL: letsencrypt.email,
    CERTBOT_CRON_RENEW: bashArray(cron),
    PROXY_ADDRESS: CONTROL_ALIAS,
    ...(staging ? { CERTBOTMODE: "staging" } : {}),
    ...(directoryUrl === undefined ? {} : { ACME_DIRECTORY_URL: directoryUrl }),
    ...(caBundle === undefined ? {} : { ACME_CA_BUNDLE: CA_BUNDLE }),
    ...(profile === undefined ? {} : { ACME_PROFILE: profile }),
  };
}

/** As the article writes lists. Neither names nor cron expressions have quotes. */
const bashArray = (values: readonly string[]): string =>
  `(${values.map((value) => `'${value}'`).join(" ")})`;
