/**
 * What Kibana shows of the log: a data view, a saved search, and a dashboard of aggregation-based visualizations, whose
 * form (visState) has been the same since Kibana 5 and is migrated by its import.
 */
import { DATA_STREAM } from "./wanted";

interface Reference {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

export interface SavedObject {
  readonly type: "index-pattern" | "search" | "visualization" | "dashboard";
  readonly id: string;
  readonly attributes: { readonly title: string } & Readonly<Record<string, unknown>>;
  readonly references: readonly Reference[];
}

const DATA_VIEW = "swarm-logs";
const SOURCE = "kibanaSavedObjectMeta.searchSourceJSON.index";

const onDataView: readonly Reference[] = [{ type: "index-pattern", id: DATA_VIEW, name: SOURCE }];
const search = (query = "") => ({
  searchSourceJSON: JSON.stringify({
    query: { query, language: "kuery" },
    filter: [],
    indexRefName: SOURCE,
  }),
});

type Aggregation = Readonly<Record<string, unknown>>;

const count: Aggregation = { id: "1", enabled: true, type: "count", schema: "metric", params: {} };
const overTime: Aggregation = {
  id: "2",
  enabled: true,
  type: "date_histogram",
  schema: "segment",
  params: { field: "@timestamp", interval: "auto", min_doc_count: 1 },
};
const by = (field: string): Aggregation => ({
  id: "3",
  enabled: true,
  type: "terms",
  schema: "group",
  params: { field, size: 20, order: "desc", orderBy: "_key" },
});
const percentiles: Aggregation = {
  id: "1",
  enabled: true,
  type: "percentiles",
  schema: "metric",
  params: { field: "durationMs", percents: [50, 95, 99] },
};

function visualization(
  id: string,
  title: string,
  type: "histogram" | "line",
  query: string,
  aggs: readonly Aggregation[],
): SavedObject {
  return {
    type: "visualization",
    id: `swarm-logs-${id}`,
    attributes: {
      title,
      visState: JSON.stringify({
        title,
        type,
        params: { type, addLegend: true, addTooltip: true },
        aggs,
      }),
      uiStateJSON: "{}",
      description: "",
      kibanaSavedObjectMeta: search(query),
    },
    references: onDataView,
  };
}

const visualizations: readonly SavedObject[] = [
  visualization("requests", "Requests by service", "histogram", "message: request", [
    count,
    overTime,
    by("service"),
  ]),
  visualization("errors", "Errors by service", "histogram", "level: error or status >= 500", [
    count,
    overTime,
    by("service"),
  ]),
  visualization("latency", "Latency of requests, ms", "line", "message: request", [
    percentiles,
    overTime,
  ]),
  visualization("levels", "Lines by level", "histogram", "", [count, overTime, by("level")]),
];

/** Two columns of panels; the grid is 48 wide. */
const panels = visualizations.map((_, i) => ({
  panelIndex: String(i + 1),
  gridData: { i: String(i + 1), x: (i % 2) * 24, y: Math.floor(i / 2) * 15, w: 24, h: 15 },
  embeddableConfig: {},
  panelRefName: `panel_${i}`,
}));

export const savedObjects: readonly SavedObject[] = [
  {
    type: "index-pattern",
    id: DATA_VIEW,
    attributes: { title: DATA_STREAM, name: "Swarm logs", timeFieldName: "@timestamp" },
    references: [],
  },
  {
    type: "search",
    id: "swarm-logs-lines",
    attributes: {
      title: "Lines, the newest first",
      description: "",
      columns: ["level", "service", "message"],
      sort: [["@timestamp", "desc"]],
      kibanaSavedObjectMeta: search(),
    },
    references: onDataView,
  },
  ...visualizations,
  {
    type: "dashboard",
    id: "swarm-logs",
    attributes: {
      title: "Swarm logs",
      description: "Requests, errors, latency and levels by service",
      panelsJSON: JSON.stringify(panels),
      optionsJSON: JSON.stringify({ useMargins: true }),
      timeRestore: true,
      timeFrom: "now-24h",
      timeTo: "now",
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: "", language: "kuery" }, filter: [] }),
      },
    },
    references: visualizations.map(({ type, id }, i) => ({ type, id, name: `panel_${i}` })),
  },
];
