/** The two questions that the viewer asks, in the name of who is logged in. */
import type { Search } from "./search.ts";

export interface Line {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Found {
  readonly total: number;
  readonly lines: readonly Line[];
  /** The services that have lines, for the choice in the form. */
  readonly services: readonly string[];
}

/** The user's name or password is wrong, or they may not read the logs. */
export class Refused extends Error {}

/** Elasticsearch does not answer, or not as it should. */
export class Unavailable extends Error {}

interface SearchAnswer {
  readonly hits: {
    readonly total: { readonly value: number };
    readonly hits: readonly { readonly _id: string; readonly _source: Record<string, unknown> }[];
  };
  readonly aggregations?: {
    readonly services: { readonly buckets: readonly { readonly key: string }[] };
  };
}

const TIMEOUT_MS = 15_000;
const INDEX = "logs-swarm-*";

export class Elasticsearch {
  private readonly url: URL;

  constructor(url: URL) {
    this.url = url;
  }

  /** Whether it answers at all; who asks does not matter. */
  async isThere(): Promise<boolean> {
    try {
      await fetch(this.url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return true;
    } catch {
      return false;
    }
  }

  /** @throws Refused when these credentials are not right, Unavailable when nobody can say */
  async authenticate(authorization: string): Promise<void> {
    await this.ask("_security/_authenticate", authorization);
  }

  /** @throws as {@link authenticate} */
  async search(search: Search, authorization: string): Promise<Found> {
    const answer = (await this.ask(
      `${INDEX}/_search?ignore_unavailable=true`,
      authorization,
      search.body,
    )) as SearchAnswer;
    return {
      total: answer.hits.total.value,
      lines: answer.hits.hits.map(({ _id, _source }) => ({ id: _id, fields: _source })),
      services: answer.aggregations?.services.buckets.map(({ key }) => key) ?? [],
    };
  }

  private async ask(path: string, authorization: string, body?: object): Promise<unknown> {
    let response;
    try {
      response = await fetch(new URL(path, this.url), {
        method: body ? "POST" : "GET",
        headers: { authorization, ...(body ? { "content-type": "application/json" } : {}) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new Unavailable(`Elasticsearch does not answer (${reason(error)})`);
    }
    if (response.status === 401 || response.status === 403) {
      throw new Refused("Elasticsearch does not take this name and password");
    }
    const text = await response.text();
    if (!response.ok)
      throw new Unavailable(`Elasticsearch answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}

const reason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};
