import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { replaceFile } from "../files";
import { type Log, messageOf } from "../log";
import { Refusal, refuse, shown } from "../routes/refusal";
import { type Certificate, parseCertificate } from "./certificate";
import { makeSelfSigned } from "./selfSigned";

/** Where a certificate came from. */
export type Source = "request" | "secret" | "self-signed";

/** What may be told of a certificate; never its key. */
export interface CertificateStatus {
  readonly name: string;
  readonly source: Source;
  readonly domains: readonly string[];
  /** RFC 3339; null when the certificate could not be read. */
  readonly notAfter: string | null;
  /** Whole days until then, negative when it is over. */
  readonly daysLeft: number | null;
  readonly issuer: string | null;
  /** SHA-256 of the leaf. */
  readonly fingerprint: string | null;
  /** Why it is left out; absent when it is served. */
  readonly error?: string;
}

/** What the certificates need from their surroundings. */
export interface CertificatesOptions {
  /** Keeps what was put here over restarts. */
  readonly dataDir: string;
  /** Holds what HAProxy reads; made anew at every start. */
  readonly servedDir: string;
  /** The crt-list that HAProxy's configuration names. */
  readonly listFile: string;
  readonly secretsDir: string;
  /** What HAProxy has against a crt-list; undefined when it would load it. */
  readonly check: (listFile: string) => Promise<string | undefined>;
  /** Puts a certificate in the place of one of the same file in the running HAProxy; false when that cannot be done. */
  readonly replace: (pemFile: string, pem: string) => Promise<boolean>;
  /** Reloads HAProxy, which reads the list again. */
  readonly reload: () => Promise<void>;
  readonly log: Log;
  readonly now?: () => Date;
}

interface Entry {
  readonly name: string;
  readonly source: Source;
  readonly certificate: Certificate;
}

interface LeftOut {
  readonly name: string;
  readonly source: Source;
  readonly error: string;
}

/** What a put did. */
export type PutResult = "added" | "replaced" | "unchanged" | "older";

/** Docker secrets that are certificates: the original's names, and with the prefix of its variables. */
const SECRET = /^(?:dfp_)?cert[-_]/i;

/** As the original: the name of a file. */
const NAME = /^[A-Za-z0-9_*][A-Za-z0-9._*@-]{0,127}$/;

const DAY_MS = 86_400_000;

/** A certificate that nobody renewed is of no use after so many days. */
const KEPT_AFTER_EXPIRY_DAYS = 30;

/**
 * The certificates that HAProxy serves. Each is checked by us and by HAProxy before it is written anywhere, and HAProxy
 * reads only copies written by us, so that no reload ever meets a bad one.
 */
export class Certificates {
  private readonly entries = new Map<string, Entry>();
  private leftOut: LeftOut[] = [];
  private list = "";
  /** What a reload should have brought and did not, by key: the next put of the same tries again. */
  private readonly unserved = new Set<string>();
  /** Puts are taken one after another. */
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(private readonly options: CertificatesOptions) {}

  /**
   * Reads what was kept and what the secrets hold. What is bad is left out, logged, and shown by `status`.
   * @throws Error when not even a self-signed certificate can be made
   */
  static async load(options: CertificatesOptions): Promise<Certificates> {
    const certificates = new Certificates(options);
    await rm(options.servedDir, { recursive: true, force: true });
    await mkdir(options.servedDir, { recursive: true, mode: 0o700 });
    await certificates.add("self-signed", "self-signed", await makeSelfSigned());
    await certificates.addFolder(options.secretsDir, "secret", (file) => SECRET.test(file));
    await certificates.addFolder(options.dataDir, "request", (file) => NAME.test(file));
    await certificates.writeList();
    if ((await options.check(options.listFile).catch(messageOf)) !== undefined) {
      await certificates.leaveOutRefused();
    }
    return certificates;
  }

  /** Whether nothing was ever put here. */
  get empty(): boolean {
    return this.requested().length === 0;
  }

  /** All certificates, those left out among them; the self-signed one only while it is served as the default. */
  status(): CertificateStatus[] {
    const served = [...this.entries.values()]
      .filter((entry) => entry.source !== "self-signed" || entry === this.fallback())
      .map((entry) => this.describe(entry));
    const leftOut = this.leftOut.map((one) => ({ ...UNREAD, ...one }));
    return [...served, ...leftOut].sort((a, b) => compare(a.name, b.name));
  }

  /** What a peer may not have: certificates that were put here and are still valid. */
  requested(): readonly { readonly name: string; readonly certificate: Certificate }[] {
    const now = this.now();
    return [...this.entries.values()].filter(
      ({ source, certificate }) => source === "request" && certificate.notAfter > now,
    );
  }

  /**
   * Takes a certificate: kept on disk, served at once.
   * @param options.ifNewer leaves one of this name that was issued later
   * @throws Refusal (400) when it is bad; nothing has changed then. Refusal (500) when it could not be kept or served.
   */
  async put(
    name: string,
    text: string,
    { ifNewer = false }: { ifNewer?: boolean } = {},
  ): Promise<PutResult> {
    if (!NAME.test(name)) {
      refuse(
        `certName must be of letters, digits and ._*@- and start with none of .@-, got ${shown(name)}`,
      );
    }
    const certificate = parseCertificate(text, { now: this.now() });
    const result = this.queue.then(() =>
      this.take({ name, source: "request", certificate }, ifNewer),
    );
    this.queue = result.catch(() => undefined);
    const { outcome, live } = await result;
    const key = keyOf({ source: "request", name });
    try {
      // Outside the queue, so that certificates that come together share a reload.
      await live();
      this.unserved.delete(key);
    } catch (error) {
      this.unserved.add(key);
      throw new Refusal(500, `the certificate is kept, but not served yet: ${messageOf(error)}`);
    }
    return outcome;
  }

  private async take(
    entry: Entry,
    ifNewer: boolean,
  ): Promise<{ outcome: PutResult; live: () => Promise<void> }> {
    const { name, certificate } = entry;
    const before = this.entries.get(keyOf(entry));
    const nothing = { live: () => Promise.resolve() };
    if (before?.certificate.pem === certificate.pem) {
      const live = this.unserved.has(keyOf(entry)) ? this.options.reload : nothing.live;
      return { outcome: "unchanged", live };
    }
    if (ifNewer && before !== undefined && before.certificate.notBefore >= certificate.notBefore) {
      return { outcome: "older", ...nothing };
    }
    const complaint = await this.complaintOf(entry);
    if (complaint !== undefined) refuse(`HAProxy does not take the certificate: ${complaint}`);
    const listBefore = this.list;
    try {
      await replaceFile(join(this.options.dataDir, name), certificate.pem);
      await this.serve(entry);
      await this.writeList();
    } catch (error) {
      throw new Refusal(500, `the certificate could not be kept: ${messageOf(error)}`);
    }
    this.leftOut = this.leftOut.filter((one) => keyOf(one) !== keyOf(entry));
    const outcome = before === undefined ? "added" : "replaced";
    this.options.log.info("certificate taken", {
      certificate: name,
      outcome,
      ...told(certificate),
    });
    // Replaced in the running HAProxy, it would come last among those that share a domain with it.
    const replaced =
      before !== undefined &&
      this.list === listBefore &&
      !this.sharesDomain(entry) &&
      (await this.options.replace(this.fileOf(entry), certificate.pem));
    return { outcome, live: replaced ? nothing.live : this.options.reload };
  }

  private sharesDomain(entry: Entry): boolean {
    const domains = new Set(entry.certificate.domains);
    return [...this.entries.values()].some(
      (other) =>
        keyOf(other) !== keyOf(entry) && other.certificate.domains.some((one) => domains.has(one)),
    );
  }

  /** What HAProxy has against one certificate. */
  private async complaintOf({ certificate }: Entry): Promise<string | undefined> {
    const candidate = join(this.options.servedDir, "candidate.pem");
    const list = join(this.options.servedDir, "candidate.list");
    try {
      await replaceFile(candidate, certificate.pem);
      await replaceFile(list, `${candidate}\n`);
      return await this.options.check(list).catch(messageOf);
    } finally {
      await rm(candidate, { force: true });
      await rm(list, { force: true });
    }
  }

  private async leaveOutRefused(): Promise<void> {
    for (const [key, entry] of this.entries) {
      const error = await this.complaintOf(entry);
      if (error === undefined) continue;
      if (entry.source === "self-signed") throw new Error(`HAProxy cannot serve TLS: ${error}`);
      this.entries.delete(key);
      this.leaveOut({ name: entry.name, source: entry.source, error });
    }
    await this.writeList();
  }

  private leaveOut({ name, source, error }: LeftOut): void {
    this.options.log.error("certificate left out", { certificate: name, source, reason: error });
    this.leftOut.push({ name, source, error });
  }

  private async addFolder(
    folder: string,
    source: Source,
    wanted: (file: string) => boolean,
  ): Promise<void> {
    const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") {
        this.options.log.error("certificates cannot be read", { folder, error: error.message });
      }
      return [];
    });
    for (const name of files.filter(wanted).sort()) {
      try {
        const certificate = await this.add(
          name,
          source,
          await readFile(join(folder, name), "utf8"),
        );
        this.options.log.info("certificate loaded", {
          certificate: name,
          source,
          ...told(certificate),
        });
      } catch (error) {
        this.leaveOut({ name, source, error: messageOf(error) });
      }
    }
  }

  private async add(name: string, source: Source, text: string): Promise<Certificate> {
    const certificate = parseCertificate(text, { now: this.now(), expiredToo: true });
    if (daysLeft(certificate, this.now()) < -KEPT_AFTER_EXPIRY_DAYS) {
      throw new Error(`it expired at ${certificate.notAfter.toISOString()}`);
    }
    const entry = { name, source, certificate };
    await this.serve(entry);
    return certificate;
  }

  private async serve(entry: Entry): Promise<void> {
    await replaceFile(this.fileOf(entry), entry.certificate.pem);
    this.entries.set(keyOf(entry), entry);
  }

  private fileOf({ source, name }: Entry): string {
    return join(this.options.servedDir, `${source}-${name}.pem`);
  }

  /**
   * Writes the crt-list. The first line that names a domain counts for it, so those issued last come first and
   * those that have expired last. `*` marks the default, for clients that ask for another name or for none.
   */
  private async writeList(): Promise<void> {
    const now = this.now();
    const expired = ({ certificate }: Entry): number => (certificate.notAfter > now ? 0 : 1);
    const ordered = [...this.entries.values()]
      .filter(({ source }) => source !== "self-signed")
      .sort(
        (a, b) =>
          expired(a) - expired(b) ||
          b.certificate.notBefore.getTime() - a.certificate.notBefore.getTime() ||
          compare(keyOf(a), keyOf(b)),
      );
    const list = [
      `${this.fileOf(this.fallback())} [] *`,
      ...ordered.map((entry) => this.fileOf(entry)),
    ].join("\n");
    if (list === this.list) return;
    await replaceFile(this.options.listFile, `${list}\n`);
    this.list = list;
  }

  /** The default: the first by name that has not expired, or the self-signed one. */
  private fallback(): Entry {
    const now = this.now();
    const last = ({ source }: Entry): number => (source === "self-signed" ? 1 : 0);
    const [first] = [...this.entries.values()]
      .filter(({ certificate }) => certificate.notAfter > now)
      .sort((a, b) => last(a) - last(b) || compare(keyOf(a), keyOf(b)));
    if (first === undefined) throw new Error("there is no certificate that is valid");
    return first;
  }

  private describe({ name, source, certificate }: Entry): CertificateStatus {
    // Without a fingerprint whoever compares puts it again.
    if (this.unserved.has(keyOf({ name, source }))) {
      return { ...UNREAD, name, source, error: "kept, but HAProxy could not be reloaded with it" };
    }
    return {
      name,
      source,
      domains: certificate.domains,
      notAfter: certificate.notAfter.toISOString(),
      daysLeft: daysLeft(certificate, this.now()),
      issuer: certificate.issuer,
      fingerprint: certificate.fingerprint,
    };
  }

  private now(): Date {
    return this.options.now?.() ?? new Date();
  }
}

const UNREAD = { domains: [], notAfter: null, daysLeft: null, issuer: null, fingerprint: null };

const keyOf = ({ source, name }: { source: Source; name: string }): string => `${source}/${name}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const daysLeft = ({ notAfter }: Certificate, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);

const told = ({ domains, notAfter, fingerprint }: Certificate): Record<string, unknown> => ({
  domains,
  notAfter,
  fingerprint,
});
