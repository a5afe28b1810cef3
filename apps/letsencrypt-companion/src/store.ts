import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificate, parseCertificate } from "./certificate";
import { isMissing, writeAtomically } from "./files";
import { type Log, reason } from "./log";

/**
 * The certificates that proxies get, a file each. They are copies of certbot's, whose own files may be half written
 * after a crash or be put aside: what was once obtained is served until something newer is whole.
 */
export class Store {
  private readonly byName = new Map<string, Certificate>();

  private constructor(private readonly folder: string) {}

  /** Reads the copies of these names; one that is damaged is logged and left out. */
  static async load(folder: string, names: readonly string[], log: Log): Promise<Store> {
    const store = new Store(folder);
    for (const name of names) {
      try {
        store.byName.set(name, parseCertificate(await readFile(store.file(name), "utf8")));
      } catch (error) {
        if (isMissing(error)) continue;
        log.error("a kept certificate is damaged", { name, reason: reason(error) });
      }
    }
    return store;
  }

  get(name: string): Certificate | undefined {
    return this.byName.get(name);
  }

  /** Those that have not expired at `now`, in milliseconds since the epoch: a proxy takes no others. */
  valid(now = Date.now()): ReadonlyMap<string, Certificate> {
    return new Map([...this.byName].filter(([, { notAfter }]) => notAfter.getTime() > now));
  }

  async put(name: string, certificate: Certificate): Promise<void> {
    await writeAtomically(this.file(name), certificate.pem);
    this.byName.set(name, certificate);
  }

  private file(name: string): string {
    return join(this.folder, `${name}.pem`);
  }
}
