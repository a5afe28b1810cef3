import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DomainSet } from "../domains";
import type { Log } from "../log";
import { type Complaint, isBadNonce, readComplaint } from "./failure";

export interface CertbotOptions {
  readonly email: string;
  readonly directoryUrl: string;
  readonly profile: string | undefined;
  /** File with the CA certificates to trust when asking the directory. */
  readonly caBundle: string | undefined;
  /** Accounts, keys and certificates. */
  readonly configDirectory: string;
  readonly runDirectory: string;
  /** The folder whose `.well-known/acme-challenge` is served. */
  readonly webroot: string;
  readonly log: Log;
  /** The program, for tests. */
  readonly binary?: string;
}

/** Asks a CA for a certificate; undefined when it came. */
export type Obtain = (set: DomainSet, signal: AbortSignal) => Promise<Complaint | undefined>;

/** An order takes seconds. A CA that keeps certbot waiting longer is taken for one that is down. */
const TIMEOUT_MS = 10 * 60_000;
/** What certbot has, once told to stop, to take its challenges back. */
const STOP_MS = 10_000;
/**
 * How often an order is made at once when the CA does not take a nonce, which says nothing about the order: "the client
 * SHOULD retry" (RFC 8555, 6.5). certbot repeats each request once.
 */
const ATTEMPTS = 3;

/**
 * certbot, one order at a time. Whether a certificate is due is decided before, so each run orders one; `certonly`,
 * other than `renew`, never sleeps at random.
 */
export function certbot(options: CertbotOptions): Obtain {
  return async (set, signal) => {
    for (const folder of ["work", "logs"]) {
      await mkdir(join(options.runDirectory, folder), { recursive: true, mode: 0o700 });
    }
    for (let attempt = 1; ; attempt++) {
      const { code, output } = await run(
        options.binary ?? "certbot",
        certbotArguments(set, options),
        // How certbot's HTTP client is told what to trust.
        options.caBundle === undefined ? {} : { REQUESTS_CA_BUNDLE: options.caBundle },
        signal,
      );
      if (code === 0) return undefined;
      if (signal.aborted || !isBadNonce(output) || attempt === ATTEMPTS) {
        return readComplaint(output);
      }
      options.log.info("the CA did not take a nonce: the order is made again", { name: set.name });
    }
  };
}

/** The arguments of certbot for one certificate. */
export function certbotArguments(set: DomainSet, options: CertbotOptions): string[] {
  return [
    "certonly",
    "--non-interactive",
    "--agree-tos",
    ...["--email", options.email, "--no-eff-email"],
    ...["--server", options.directoryUrl],
    ...(options.profile === undefined ? [] : ["--preferred-profile", options.profile]),
    ...["--webroot", "--webroot-path", options.webroot],
    ...["--cert-name", set.name],
    ...set.domains.flatMap((domain) => ["--domain", domain]),
    "--force-renewal",
    "--renew-with-new-domains",
    // A stack that turns to staging wants just that.
    "--break-my-certs",
    ...["--config-dir", options.configDirectory],
    ...["--work-dir", join(options.runDirectory, "work")],
    ...["--logs-dir", join(options.runDirectory, "logs"), "--max-log-backups", "3"],
  ];
}

function run(
  binary: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (text: string): void => void (output += text);
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    let kill: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      kill ??= setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    };
    const timeout = setTimeout(() => {
      take(`\ncertbot did not end within ${TIMEOUT_MS / 1000} s\n`);
      stop();
    }, TIMEOUT_MS);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const done = (): void => {
      clearTimeout(timeout);
      clearTimeout(kill);
      signal.removeEventListener("abort", stop);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("close", (code) => {
      done();
      resolve({ code, output });
    });
  });
}
