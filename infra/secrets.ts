import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** A secret as a file of a service's containers. */
export interface SecretFile {
  readonly secret: docker.Secret;
  /** Its name in `/run/secrets`. */
  readonly file: string;
  /** Who may read it: nobody else may. */
  readonly uid: number;
}

/**
 * Hexadecimal digits of so many random bytes, made once for the name: no edit of anything here ever makes
 * others. They are a secret in the state, and printed nowhere.
 */
export function randomSecret(
  name: string,
  bytes: number,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const made = new local.Command(
    name,
    { create: `openssl rand -hex ${bytes} | tr -d '\\n'`, update: "true", logging: "none" },
    { ...opts, additionalSecretOutputs: ["stdout"], ignoreChanges: ["*"] },
  );
  return pulumi.secret(made.stdout);
}

/**
 * A Docker secret. The swarm names it, so that another value is another secret, which is there before the old one goes.
 */
export const swarmSecret = (
  name: string,
  value: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): docker.Secret =>
  new docker.Secret(
    name,
    {
      data: pulumi.secret(value).apply((text) => Buffer.from(text).toString("base64")),
    },
    opts,
  );
