import { Away } from "./client";
import type { Product } from "./elasticsearch";
import { reason, type Log } from "./log";

/** What the keeper tells of logging. */
export interface Status {
  /**
   * - `starting`: nobody was asked yet
   * - `waiting`: a server does not answer (yet)
   * - `settled`: everything is as it should be
   * - `failing`: a server does not do as it is told, or lacks room
   */
  readonly state: "starting" | "waiting" | "settled" | "failing";
  /** A sentence for a person. */
  readonly reason: string;
  /** Whether the store is a stand-in: old lines are deleted by the keeper then, and Kibana has nothing to keep. */
  readonly standIn: boolean | undefined;
  /** When this was seen, RFC 3339. */
  readonly at: string;
}

export interface Parts {
  readonly elasticsearch: {
    product(): Promise<Product>;
    lackOfRoom(): Promise<string | undefined>;
    ensure(product: Product): Promise<string[]>;
  };
  readonly kibana: { ensure(): Promise<string[]> };
}

/** Looks, and sets right what is not: it remembers nothing between two rounds, so it can be killed anywhere. */
export class Keeper {
  private last: Status;
  private lastLogged = "";
  private stopped = false;
  private running: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  /** Milliseconds since the epoch when the last round ended. */
  public roundEnded = Date.now();

  constructor(
    private readonly parts: Parts,
    private readonly intervalS: number,
    private readonly log: Log,
  ) {
    this.last = { ...now(), state: "starting", reason: "nobody was asked yet", standIn: undefined };
  }

  status(): Status {
    return this.last;
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends after the round that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  async round(): Promise<void> {
    let standIn: boolean | undefined;
    let lack: string | undefined;
    try {
      const product = await this.parts.elasticsearch.product();
      ({ standIn } = product);
      lack = await this.parts.elasticsearch.lackOfRoom();
      const did = async (steps: Promise<string[]>) => {
        for (const sentence of await steps) this.log.info(sentence);
      };
      await did(this.parts.elasticsearch.ensure(product));
      if (!standIn) await did(this.parts.kibana.ensure());
      const name = standIn ? "a stand-in for Elasticsearch" : `Elasticsearch ${product.version}`;
      const state = lack === undefined ? "settled" : "failing";
      this.tell({ ...now(), state, reason: lack ?? `${name} is as it should be`, standIn });
    } catch (error) {
      const state = error instanceof Away && lack === undefined ? "waiting" : "failing";
      const said = lack === undefined ? reason(error) : `${lack}; ${reason(error)}`;
      this.tell({ ...now(), state, reason: said, standIn });
    }
    this.roundEnded = Date.now();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.round();
      if (this.stopped) return;
      // Whoever is waited for is asked more often.
      const pauseS = this.last.state === "settled" ? this.intervalS : Math.min(3, this.intervalS);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseS * 1_000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private tell(status: Status): void {
    this.last = status;
    const line = `${status.state}: ${status.reason}`;
    if (line === this.lastLogged) return;
    this.lastLogged = line;
    this.log[status.state === "failing" ? "warn" : "info"](status.reason, { state: status.state });
  }
}

const now = () => ({ at: new Date().toISOString() });
