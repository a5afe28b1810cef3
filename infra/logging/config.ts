/** What the logging tier may be told. */
import { z } from "zod";
import type { StackConfig } from "../config";
import { refusal } from "../refusal";

/** How the logging tier is made. Memory is in MiB. */
export interface LoggingConfig {
  /** The tag of the images `elasticsearch`, `logstash` and `kibana`. */
  readonly version: string;
  /** Elasticsearch's heap. */
  readonly heap: number;
  /** How long lines are kept: `36h`, `7d`. */
  readonly retention: string;
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
};

/** MiB that a logger's engine needs for itself. */
const ENGINE_MEMORY = 256;

/** MiB that each part of the tier may take. */
export function memoryOf({ heap }: LoggingConfig) {
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
 * @throws pulumi.RunError that names the key and the remedy
 */
export function checkLogging(
  logging: LoggingConfig,
  { machines, memory }: Pick<StackConfig, "machines" | "memory">,
): void {
  if (machines.logger === 0) {
    throw refusal(`loggers must be at least 1, as the logging tier needs a machine; got 0`);
  }
  const needed = Object.values(memoryOf(logging)).reduce((sum, part) => sum + part, ENGINE_MEMORY);
  if (needed > memory.logger) {
    throw refusal(
      `elasticHeap: with a heap of ${logging.heap} MiB the logging tier needs ${needed} MiB on a logger, which has ` +
        `${memory.logger}. Lower elasticHeap, or raise "loggerMemory".`,
    );
  }
}
