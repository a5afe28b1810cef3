import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config";

/** A certificate and its private key, in PEM; the key is secret. */
export interface KeyPair {
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;
}

/**
 * The stack's certificate authority and what it signed: the engines' certificate and the client's,
 * for mutual TLS on the engine API.
 */
export class Pki extends pulumi.ComponentResource {
  /** The authority's certificate in PEM. */
  public readonly authority: pulumi.Output<string>;
  public readonly engine: KeyPair;
  public readonly client: KeyPair;

  constructor(
    name: string,
    args: Pick<StackConfig, "stack" | "authority">,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("swarm:security:Pki", name, {}, opts);

    const made = new local.Command(
      args.authority === 1 ? `${name}-authority` : `${name}-authority-${args.authority}`,
      {
        create: "bash scripts/machines/pki.sh",
        update: "true",
        environment: { STACK: args.stack },
        logging: "none",
      },
      // An edit of the script must never make new keys: running engines hold the old ones. Another number does.
      { parent: this, additionalSecretOutputs: ["stdout"], ignoreChanges: ["*"] },
    );
    const pem = (name: string): pulumi.Output<string> =>
      pulumi.secret(made.stdout).apply((text) => decode(text, name));

    this.authority = pem("ca");
    this.engine = { certificate: pem("engine"), key: pem("engineKey") };
    this.client = { certificate: pem("client"), key: pem("clientKey") };
    this.registerOutputs({ authority: this.authority });
  }
}

function decode(json: string, name: string): string {
  const value = (JSON.parse(json) as Record<string, string>)[name];
  if (!value) throw new Error(`scripts/machines/pki.sh printed no "${name}"`);
  return Buffer.from(value, "base64").toString();
}
