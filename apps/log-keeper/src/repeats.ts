/**
 * Lines that were sent again after the data stream had begun a new index. Elasticsearch keeps an id unique within one index, and
 * the new one does not know what the others have: what is in an older one, too, is removed from the newer one.
 */
import type { Client } from "./client";
import type { BackingIndex } from "./expiry";
import { DATA_STREAM } from "./wanted";

/** A sender's clock may be five minutes ahead, and the change to a new index takes a moment. */
const MARGIN_MS = 6 * 60_000;
/** For so long after it was made, an index is looked at whether or not something came to it. */
const YOUNG_MS = 10 * 60_000;
const PAGE = 2_500;

interface Hit {
  readonly _id: string;
  readonly sort: readonly unknown[];
}

export class Repeats {
  /** How many suspects an index had when they were last looked at: work that need not be done again, and nothing else. */
  private readonly known = new Map<string, number>();

  constructor(private readonly client: Client) {}

  /**
   * @param indices of the data stream, the oldest first
   * @param now milliseconds since the epoch
   * @returns what was removed, as sentences
   */
  async remove(indices: readonly BackingIndex[], now: number): Promise<string[]> {
    if (indices.length < 2) return [];
    await this.client.ask("POST", `/${DATA_STREAM}/_refresh`);
    const done: string[] = [];
    for (const [i, index] of indices.entries()) {
      if (i === 0) continue;
      const older = indices.slice(0, i).map(({ name }) => name);
      const removed = await this.clean(index, older, now);
      if (removed > 0)
        done.push(`removed ${removed} lines that were sent again from ${index.name}`);
    }
    return done;
  }

  private async clean(index: BackingIndex, older: string[], now: number): Promise<number> {
    const query = suspects(index);
    const path = `/${index.name}`;
    const { body } = await this.client.ask("POST", `${path}/_count`, { query });
    const { count } = body as { count: number };
    if (now - index.created > YOUNG_MS && this.known.get(index.name) === count) return 0;
    let removed = 0;
    for (let after: readonly unknown[] | undefined; ;) {
      const page = await this.search(path, { query, sort: ORDER, size: PAGE, search_after: after });
      if (page.length === 0) break;
      after = page.at(-1)?.sort;
      const ids = page.map(({ _id }) => _id);
      const there = await this.search(`/${older.join(",")}`, { ...idsQuery(ids), size: 2 * PAGE });
      if (there.length === 0) continue;
      const repeated = idsQuery([...new Set(there.map(({ _id }) => _id))]);
      const answer = await this.client.ask(
        "POST",
        `${path}/_delete_by_query?refresh=true`,
        repeated,
      );
      removed += (answer.body as { deleted: number }).deleted;
    }
    this.known.set(index.name, count - removed);
    return removed;
  }

  private async search(path: string, body: object): Promise<readonly Hit[]> {
    const answer = await this.client.ask("POST", `${path}/_search`, { ...body, _source: false });
    return (answer.body as { hits: { hits: Hit[] } }).hits.hits;
  }
}

const ORDER = [{ "@timestamp": "asc" }, { event_id: "asc" }];

const idsQuery = (values: string[]) => ({ query: { ids: { values } } });

/**
 * Of an index, the lines that an older one may have as well: a line is older than its first arrival there. What was refused has the
 * time of its arrival instead of its own.
 */
const suspects = ({ created }: BackingIndex) => ({
  bool: {
    should: [
      { range: { "@timestamp": { lt: created + MARGIN_MS, format: "epoch_millis" } } },
      { term: { tags: "_refused" } },
    ],
    minimum_should_match: 1,
  },
});
