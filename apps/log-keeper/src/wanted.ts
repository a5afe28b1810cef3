/** What Elasticsearch should hold, as data. */
import { createHash } from "node:crypto";

export const DATA_STREAM = "logs-swarm-default";
export const TEMPLATE = "logs-swarm";
export const WRITER = "logstash_writer";

/**
 * What a writer of lines may do: add them. `auto_configure` is what Elasticsearch asks of who writes to a data stream that
 * is not there yet.
 */
export const writerRole = {
  cluster: ["monitor"],
  indices: [{ names: ["logs-swarm-*"], privileges: ["create_doc", "auto_configure"] }],
} as const;

const keyword = { type: "keyword", ignore_above: 1024 };
const number = (type: string) => ({ type, ignore_malformed: true });

/**
 * The fields that can be searched. Every other field of a line is kept with it and shown, but makes no mapping: two apps
 * that write a field differently would refuse each other's lines.
 */
export const properties = {
  "@timestamp": { type: "date" },
  received: { ...number("date") },
  message: { type: "text" },
  ...Object.fromEntries(
    [
      ...[
        "event_id",
        "level",
        "service",
        "app",
        "node_name",
        "task",
        "node",
        "container",
        "stream",
      ],
      ...["tags", "requestId", "method", "path", "client"],
    ].map((name) => [name, keyword]),
  ),
  status: number("integer"),
  durationMs: number("float"),
};

/**
 * The index template; it knows itself by its revision.
 * @param retention how long lines are kept; undefined where the server has no lifecycles
 */
export function indexTemplate(retention: string | undefined) {
  const content = {
    index_patterns: ["logs-swarm-*"],
    // Above Elasticsearch's own for logs-*-*, which has 100.
    priority: 500,
    data_stream: {},
    template: {
      settings: { number_of_shards: 1, number_of_replicas: 0 },
      mappings: { dynamic: false, properties },
      ...(retention === undefined ? {} : { lifecycle: { data_retention: retention } }),
    },
  };
  const revision = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  return { ...content, _meta: { keeper: revision } };
}
