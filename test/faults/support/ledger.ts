/** A stream of writes through whatever happens, and whether what was acknowledged is what is stored. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../e2e/support/eventually";
import type { GuestBook } from "../../e2e/support/guestBook";

export interface LedgerReport {
  readonly acknowledged: number;
  /** How many of them had to be sent more than once. */
  readonly resent: number;
  /** How many the store had already when they were sent again: only their first answer was lost. */
  readonly found: number;
  /** Acknowledged and not stored, each as its id and message. */
  readonly lost: readonly string[];
  /** Stored though never asked for, under another id, or once too often. */
  readonly surplus: readonly string[];
}

/** How long one write may take with all that it is sent again. */
const ACKNOWLEDGED_WITHIN_MS = 240_000;

/** Writers that each send one entry, under an id of its own, until it is acknowledged, and then the next. */
export class Ledger {
  /** In the message of every entry of this ledger and of no other. */
  private readonly mark = `ledger ${randomUUID()}`;
  private readonly acknowledged: string[] = [];
  private begun = 0;
  private resent = 0;
  private found = 0;
  private stopped = false;
  private failed = false;
  private readonly writers: Promise<unknown>[];

  constructor(
    private readonly book: GuestBook,
    count = 4,
  ) {
    this.writers = Array.from({ length: count }, () =>
      this.write().catch((error: unknown) => {
        this.failed = true;
        throw error;
      }),
    );
    // Told by `stop`.
    for (const writer of this.writers) writer.catch(() => undefined);
  }

  /** Waits until a write is acknowledged that began after this. */
  async goesOn(withinMs: number): Promise<void> {
    // As many as there are writers may be under way.
    const enough = this.acknowledged.length + this.writers.length + 1;
    await eventually("further writes acknowledged", { withinMs }, () =>
      this.failed || this.acknowledged.length >= enough ? true : undefined,
    );
  }

  /** Ends when the last write is acknowledged, and compares. */
  async stop(): Promise<LedgerReport> {
    this.stopped = true;
    await Promise.all(this.writers);
    const all = await eventually("the guest book", { withinMs: 30_000 }, () => this.book.all());
    const stored = all
      .filter(({ message }) => message.startsWith(this.mark))
      .map(({ id, message }) => `${id} ${message}`);
    return {
      ...{ acknowledged: this.acknowledged.length, resent: this.resent, found: this.found },
      lost: without(this.acknowledged, stored),
      surplus: without(stored, this.acknowledged),
    };
  }

  private async write(): Promise<void> {
    while (!this.stopped) {
      const id = randomUUID();
      this.begun += 1;
      const message = `${this.mark}, no. ${this.begun}`;
      let attempts = 0;
      const status = await eventually(
        `entry ${id} acknowledged`,
        { withinMs: ACKNOWLEDGED_WITHIN_MS },
        async () => {
          attempts += 1;
          const answer = await this.book.write(message, id);
          return answer === 200 || answer === 201 ? answer : undefined;
        },
      );
      this.acknowledged.push(`${id} ${message}`);
      if (attempts > 1) this.resent += 1;
      if (status === 200) this.found += 1;
      await pause(50);
    }
  }
}

/** What is left of a list when each of the others is taken out of it once. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return list.filter((one) => {
    const count = counts.get(one) ?? 0;
    counts.set(one, count - 1);
    return count <= 0;
  });
}
