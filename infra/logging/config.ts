/** What the logging tier may be told. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { refusal } from "../refusal";

/** How the logging tier is made. Memory is in MiB. */
export interface LoggingConfig {
  /** The tag of the images `elasticsearch`, `logstash` and `kibana`. */
  readonly version: string;
  /** Elasticsearch's heap. */
  readonly heap: number;
  /** How long lines are kept: `36h`, `7d`. */
  readonly retention: string;
  /** The password of the user `elastic`, a secret; undefined for one that is made. */
  readonly password: pulumi.Output<string> | undefined;
}

/** The keys of the configuration. */
export const loggingKeys = {
  elasticVersion: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, {
    error: "must be a tag of the images elasticsearch, logstash and kibana, such as 9.2.0",
  }),
  elasticHeap: z.coerce.number().int().min(256).max(31744),
  logRetention: z.string().regex(/^[1-9]\d{0,4}[hd]$/, {
    error: "must be hours or days, such as 36h or 7d",
  }),
  // Elasticsearch asks for 6 characters: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-put-user
  elasticPassword: z.string().regex(/^([\x21-\x7e]{12,128})?$/, {
    error: "must have 12 to 128 characters of ASCII, and no spaces",
  }),
};

/** MiB that a logger's engine needs for itself. */
const ENGINE_MEMORY = 256;

/** MiB that each part of the tier may take. */
export function memoryOf({ heap }: Pick<LoggingConfig, "heap">) {
  return {
    // Half for Java's own needs and for the files that Lucene maps, as Elastic recommends.
    elasticsearch: Math.max(768, 2 * heap),
    logstash: 1024,
    kibana: 1024,
    keeper: 128,
    shipper: 96,
  } as const;
}

/**
 * Refuses a tier that the logger cannot hold, before any resource is made.
 * @param loggerMemory MiB of a logger
 * @throws pulumi.RunError that names the key and the remedy
 */
export function checkLogging(logging: Pick<LoggingConfig, "heap">, loggerMemory: number): void {
  const needed = Object.values(memoryOf(logging)).reduce((sum, part) => sum + part, ENGINE_MEMORY);
  if (needed > loggerMemory) {
    throw refusal(
      `elasticHeap: with a heap of ${logging.heap} MiB the logging tier needs ${needed} MiB on a logger, which has ` +
        `${loggerMemory}. Lower elasticHeap, or raise "loggerMemory".`,
    );
  }
}
