import type { Certificate } from "../certificate";
import { type Log, reason } from "../log";
import { fingerprintsOf, putCertificate } from "./control";
import type { ProxyTask } from "./find";

export interface DistributorOptions {
  readonly find: () => Promise<readonly ProxyTask[]>;
  readonly certificates: () => ReadonlyMap<string, Certificate>;
  readonly log: Log;
}

/** What a proxy has of ours. */
export interface ProxyState {
  readonly address: string;
  /** How many of our certificates it has. */
  readonly upToDate: number;
  readonly error?: string;
}

/** Sees to it that every proxy has every certificate. */
export class Distributor {
  /** How often proxies took a certificate, and did not. */
  readonly puts = { accepted: 0, refused: 0 };
  private states: readonly ProxyState[] = [];
  private failure: string | undefined;
  private running: Promise<void> | undefined;
  private again: Promise<void> | undefined;
  /** What was put where, for proxies that do not tell what they have. */
  private readonly taken = new Map<string, ReadonlySet<string>>();

  constructor(private readonly options: DistributorOptions) {}

  /** Of each proxy at the last comparison. */
  get proxies(): readonly ProxyState[] {
    return this.states;
  }

  /** Why the proxies could not be found, when they could not. */
  get error(): string | undefined {
    return this.failure;
  }

  /** Compares what each proxy has with what it should, and puts what is missing. Never throws; one runs at a time. */
  reconcile(): Promise<void> {
    if (this.running === undefined) {
      this.running = this.compareAll().finally(() => (this.running = undefined));
      return this.running;
    }
    // What is under way may have looked before the change that this call is for.
    this.again ??= this.running.then(() => {
      this.again = undefined;
      return this.reconcile();
    });
    return this.again;
  }

  /**
   * Puts every certificate to the proxy at this address.
   * @returns how many, or undefined when no proxy of ours is there: then nothing is sent
   * @throws Error when the proxy refuses
   */
  async resend(address: string): Promise<number | undefined> {
    const task = (await this.options.find()).find((proxy) => proxy.address === address);
    if (task === undefined) return undefined;
    const certificates = [...this.options.certificates()];
    for (const [name, certificate] of certificates) {
      await this.put({ ...task, distribute: false }, name, certificate);
    }
    return certificates.length;
  }

  private async compareAll(): Promise<void> {
    let tasks: readonly ProxyTask[];
    try {
      tasks = await this.options.find();
      this.failure = undefined;
    } catch (error) {
      this.failure = this.report(undefined, this.failure, reason(error));
      this.states = [];
      return;
    }
    const before = this.states;
    this.states = await Promise.all(tasks.map((task) => this.compare(task, before)));
    const present = new Set(tasks.map(({ address }) => address));
    for (const address of this.taken.keys()) if (!present.has(address)) this.taken.delete(address);
  }

  private async compare(task: ProxyTask, before: readonly ProxyState[]): Promise<ProxyState> {
    const { address } = task;
    const last = before.find((state) => state.address === address)?.error;
    let upToDate = 0;
    try {
      const has = (await fingerprintsOf(task)) ?? this.taken.get(address) ?? new Set<string>();
      for (const [name, certificate] of this.options.certificates()) {
        if (!has.has(certificate.fingerprint)) await this.put(task, name, certificate);
        upToDate += 1;
      }
      return { address, upToDate };
    } catch (error) {
      return { address, upToDate, error: this.report(address, last, reason(error)) };
    }
  }

  private async put(task: ProxyTask, name: string, certificate: Certificate): Promise<void> {
    const { address } = task;
    try {
      await putCertificate(task, name, certificate);
    } catch (error) {
      this.puts.refused += 1;
      throw new Error(`${name}: ${reason(error)}`);
    }
    this.puts.accepted += 1;
    this.taken.set(address, new Set([...(this.taken.get(address) ?? []), certificate.fingerprint]));
    this.options.log.info("a proxy took a certificate", { name, address });
  }

  /** Logs what is new. */
  private report(address: string | undefined, last: string | undefined, error: string): string {
    if (error !== last) {
      this.options.log.warn("a proxy is without its certificates", { address, reason: error });
    }
    return error;
  }
}
