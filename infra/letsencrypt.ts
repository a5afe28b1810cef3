/** What the config `letsencrypt` may say. Domains and cron expressions are checked by the companion's own code. */
import { z } from "zod";
import { type DomainSet, domainSet } from "../apps/letsencrypt-companion/src/domains";
import { checkPattern } from "../apps/letsencrypt-companion/src/schedule";

/** Has zod report what `check` throws. */
const checked =
  <T, R>(check: (value: T) => R) =>
  (value: T, context: z.core.$RefinementCtx<T>): R => {
    try {
      return check(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message, input: value });
      return z.NEVER;
    }
  };

const words = (text: string): string[] => text.split(",").map((word) => word.trim());

const domains = z
  .union([z.string(), z.array(z.string())], {
    error: 'must be names such as "a.example,www.a.example", or a list of them',
  })
  .transform(checked((value) => domainSet(typeof value === "string" ? words(value) : value)));

const cron = z
  .union([z.string(), z.array(z.string()).min(1)], {
    error: 'must be a cron expression such as "0 3 * * *", or a list of them',
  })
  .transform(
    checked((value: string | string[]): string[] => {
      const patterns = typeof value === "string" ? [value] : value;
      patterns.forEach(checkPattern);
      return patterns;
    }),
  );

const yesOrNo = z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })], {
  error: "must be true or false",
});

export const letsencryptSchema = z
  .strictObject({
    /** Where the CA writes to. */
    email: z.email({ error: "must be an e-mail address" }),
    /** A certificate each. */
    domains: z
      .array(domains, { error: "must be a list, each entry the names of one certificate" })
      .min(1, { error: "must have an entry" }),
    directoryUrl: z.url({ protocol: /^https$/, error: "must be an https:// URL" }).optional(),
    staging: yesOrNo.default(false),
    cron: cron.default(["0 3 * * *", "0 15 * * *"]),
    node: z.string().default("manager-1"),
    caBundle: z
      .string()
      .regex(/^\s*-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\s*$/, {
        error: "must be certificates in PEM",
      })
      .optional(),
    profile: z
      .string()
      .regex(/^[\w.-]+$/, { error: "must be one word" })
      .optional(),
  })
  .superRefine(({ staging, directoryUrl, domains: sets }, context) => {
    if (staging && directoryUrl !== undefined) {
      const message = "says that certificates come from Let's Encrypt, directoryUrl says otherwise";
      context.addIssue({ code: "custom", path: ["staging"], message });
    }
    sets.forEach(({ domains: names }, index) => {
      const owner = sets.findIndex((other) => names.some((name) => other.domains.includes(name)));
      if (owner === index) return;
      const twice = names.find((name) => sets[owner]?.domains.includes(name));
      const message = `has ${twice}, which domains[${owner}] has already`;
      context.addIssue({ code: "custom", path: ["domains", index], message });
    });
  });

/** Certificates by ACME. */
export interface LetsencryptConfig {
  readonly email: string;
  /** The names of each certificate. */
  readonly domains: readonly DomainSet[];
  /** The ACME directory; Let's Encrypt's when undefined. */
  readonly directoryUrl?: string | undefined;
  /** Let's Encrypt's staging environment. */
  readonly staging: boolean;
  /** When certificates that are due are renewed, in UTC. */
  readonly cron: readonly string[];
  /** The machine whose volume holds accounts and certificates. */
  readonly node: string;
  /** PEM of what to trust when asking a directory of one's own. */
  readonly caBundle?: string | undefined;
  /** A profile of the CA's. */
  readonly profile?: string | undefined;
}
