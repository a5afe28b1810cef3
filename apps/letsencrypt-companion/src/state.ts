import { readFile, rename } from "node:fs/promises";
import { isMissing, writeAtomically } from "./files";
import { forgetOld, NO_USAGE, type Usage } from "./limits";
import { type Log, reason } from "./log";

/** Why an attempt failed. */
export interface Failure {
  /** ISO 8601. */
  readonly at: string;
  readonly message: string;
  /** The names that the CA could not validate, where it said so. */
  readonly domains: readonly FailedDomain[];
}

export interface FailedDomain {
  readonly domain: string;
  /** ACME error type, such as `dns` or `unauthorized` (RFC 8555, 6.7). */
  readonly type: string;
  readonly detail: string;
}

/** What is known of the attempts for a certificate. */
export interface Attempts {
  /** The names and the directory that the attempts were for: other ones begin anew. */
  readonly subject: string;
  /** An order is under way, or was when the companion was killed. */
  readonly pending: boolean;
  /** In a row. */
  readonly failures: number;
  /** Milliseconds since the epoch before which there is no other attempt. */
  readonly notBefore: number;
  readonly lastFailure?: Failure;
}

interface Kept {
  readonly version: 1;
  readonly attempts: Readonly<Record<string, Attempts>>;
  /** The directory that each certificate, by its fingerprint, came from. */
  readonly origins: Readonly<Record<string, string>>;
  /** By directory URL. */
  readonly usage: Readonly<Record<string, Usage>>;
}

const EMPTY: Kept = { version: 1, attempts: {}, origins: {}, usage: {} };

/** What has to outlive the companion, in one file. Every change is on disk before its promise resolves. */
export class State {
  private constructor(
    private readonly file: string,
    private kept: Kept,
  ) {}

  /**
   * Reads the file. One that cannot be understood is put aside and logged: nothing in it is worth not to start for.
   * @throws Error when it cannot be read or put aside
   */
  static async load(file: string, log: Log): Promise<State> {
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if (isMissing(error)) return new State(file, EMPTY);
      throw error;
    }
    try {
      return new State(file, parse(text));
    } catch (error) {
      await rename(file, `${file}.damaged`);
      log.error("the state is damaged; put aside", { file, reason: reason(error) });
      return new State(file, EMPTY);
    }
  }

  attempts(name: string): Attempts | undefined {
    return this.kept.attempts[name];
  }

  usage(directoryUrl: string): Usage {
    return this.kept.usage[directoryUrl] ?? NO_USAGE;
  }

  /** The directory that a certificate came from, by its fingerprint. */
  origin(fingerprint: string): string | undefined {
    return this.kept.origins[fingerprint];
  }

  setAttempts(name: string, attempts: Attempts): Promise<void> {
    return this.change({ attempts: { ...this.kept.attempts, [name]: attempts } });
  }

  changeUsage(directoryUrl: string, change: (usage: Usage) => Usage, now: number): Promise<void> {
    const usage = forgetOld(change(this.usage(directoryUrl)), now);
    return this.change({ usage: { ...this.kept.usage, [directoryUrl]: usage } });
  }

  setOrigin(fingerprint: string, directoryUrl: string): Promise<void> {
    return this.change({ origins: { ...this.kept.origins, [fingerprint]: directoryUrl } });
  }

  /** Forgets where certificates came from that are not there any more. */
  keepOrigins(fingerprints: readonly string[]): Promise<void> {
    const entries = Object.entries(this.kept.origins);
    const kept = entries.filter(([fingerprint]) => fingerprints.includes(fingerprint));
    return kept.length === entries.length
      ? Promise.resolve()
      : this.change({ origins: Object.fromEntries(kept) });
  }

  private async change(change: Partial<Kept>): Promise<void> {
    this.kept = { ...this.kept, ...change };
    await writeAtomically(this.file, JSON.stringify(this.kept));
  }
}

function parse(text: string): Kept {
  const value = JSON.parse(text) as Partial<Kept> | null;
  if (value?.version !== 1) throw new Error("unknown form");
  for (const part of [value.attempts, value.origins, value.usage]) {
    if (typeof part !== "object" || part === null) throw new Error("unknown form");
  }
  for (const usage of Object.values(value.usage ?? {})) {
    if (!Array.isArray(usage.orders)) throw new Error("unknown form");
  }
  return { ...EMPTY, ...value };
}
