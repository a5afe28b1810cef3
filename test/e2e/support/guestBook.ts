/** The guest book of app1, by its JSON API. */
import { randomUUID } from "node:crypto";
import { eventually } from "./eventually";

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly createdAt: string;
}

interface EntryPage {
  readonly entries: readonly Entry[];
  readonly next: string | null;
}

export class GuestBook {
  constructor(private readonly app1Url: string) {}

  /** One attempt. */
  async write(message: string, id: string = randomUUID()): Promise<number> {
    const response = await fetch(this.entriesUrl(), {
      method: "POST",
      headers: { "Content-Type": "application/json", Connection: "close" },
      body: JSON.stringify({ name: "e2e", message, id }),
      signal: AbortSignal.timeout(15_000),
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Until it is acknowledged: the same entry is sent again as often as it takes. */
  async acknowledged(message: string, withinMs: number): Promise<string> {
    const id = randomUUID();
    return eventually(`entry ${id} acknowledged`, { withinMs }, async () => {
      const status = await this.write(message, id);
      return status === 200 || status === 201 ? id : undefined;
    });
  }

  /** Every entry, newest first. */
  async all(): Promise<Entry[]> {
    const entries: Entry[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await fetch(`${this.entriesUrl()}?limit=100${query}`, {
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok) throw new Error(`the guest book answers ${response.status}`);
      const page = (await response.json()) as EntryPage;
      entries.push(...page.entries);
      cursor = page.next;
    }
    return entries;
  }

  private entriesUrl(): string {
    return `${this.app1Url}/api/entries`;
  }
}
