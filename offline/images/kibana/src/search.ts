/** From the form's fields to a question for Elasticsearch. */

export const LEVELS = ["error", "warn", "info", "debug"] as const;

/** Spans of time to choose from, as Elasticsearch writes them; the empty one is all. */
export const SPANS = {
  "15m": "15 minutes",
  "1h": "hour",
  "24h": "24 hours",
  "7d": "7 days",
  "": "beginning",
} as const;

export const PAGE_SIZE = 100;
/** Elasticsearch goes no further than 10,000 lines from the newest. */
const LAST_PAGE = 10_000 / PAGE_SIZE;

export interface Search {
  readonly text: string;
  readonly service: string;
  readonly level: string;
  readonly span: string;
  /** Counted from 1. */
  readonly page: number;
  readonly body: object;
}

/** What is wrong with the form's fields is left out of the search: they come from links that people write, too. */
export function readSearch(query: Readonly<Record<string, unknown>>): Search {
  const text = textOf(query["q"]).slice(0, 1000);
  const service = textOf(query["service"]);
  const level = textOf(query["level"]);
  const asked = query["span"] === undefined ? "24h" : textOf(query["span"]);
  const span = Object.hasOwn(SPANS, asked) ? asked : "24h";
  const page = Math.min(LAST_PAGE, Math.max(1, Math.trunc(Number(textOf(query["page"])) || 1)));
  const filter = [
    ...(service === "" ? [] : [{ term: { service } }]),
    ...(level === "" ? [] : [{ term: { level } }]),
    // No upper end: a sender whose clock is ahead is among the newest.
    ...(span === "" ? [] : [{ range: { "@timestamp": { gte: `now-${span}` } } }]),
  ];
  const must =
    text === ""
      ? []
      : [
          {
            simple_query_string: {
              query: text,
              fields: [
                "message",
                "service",
                "task",
                "node",
                "level",
                "tags",
                "event_id",
                "requestId",
                "path",
              ],
              default_operator: "and",
              lenient: true,
            },
          },
        ];
  return {
    text,
    service,
    level,
    span,
    page,
    body: {
      query: { bool: { must, filter } },
      sort: [
        { "@timestamp": { order: "desc", unmapped_type: "date" } },
        { event_id: { order: "desc", unmapped_type: "keyword" } },
      ],
      from: (page - 1) * PAGE_SIZE,
      size: PAGE_SIZE,
      track_total_hits: true,
      aggs: { services: { terms: { field: "service", size: 100, order: { _key: "asc" } } } },
    },
  };
}

/** How many pages there are to go to. */
export const pagesOf = (total: number): number =>
  Math.min(LAST_PAGE, Math.max(1, Math.ceil(total / PAGE_SIZE)));

/** The same search, on another page, as the query of a link. */
export const linkTo = ({ text, service, level, span }: Search, page: number): string =>
  new URLSearchParams({ q: text, service, level, span, page: String(page) }).toString();

const textOf = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
