/**
 * The keys that may be used of Logstash, Elasticsearch and Kibana: those that the documentation of their version 9 has. The table in
 * docs/logging.md says what each does.
 */

const ELASTIC = "https://www.elastic.co/docs";
const PLUGIN = `${ELASTIC}/reference/logstash/plugins/plugins`;
const ELASTICSEARCH = `${ELASTIC}/reference/elasticsearch/configuration-reference`;
const KIBANA = `${ELASTIC}/reference/kibana/configuration-reference`;
const DEPLOY = `${ELASTIC}/deploy-manage/deploy/self-managed`;

/** By where they are used: the keys, and the page that has them. */
export const documented = {
  "logstash.yml": {
    page: `${ELASTIC}/reference/logstash/logstash-settings-file`,
    keys: [
      ...["queue.type", "queue.max_bytes", "dead_letter_queue.enable"],
      ...["dead_letter_queue.max_bytes", "pipeline.ecs_compatibility", "api.http.host"],
    ],
  },
  "pipelines.yml": {
    page: `${ELASTIC}/reference/logstash/multiple-pipelines`,
    keys: ["pipeline.id", "path.config", "dead_letter_queue.enable"],
  },
  "input tcp": {
    page: `${PLUGIN}-inputs-tcp`,
    keys: ["port", "tcp_keep_alive", "dns_reverse_lookup_enabled", "codec"],
  },
  "codec json_lines": {
    page: `${PLUGIN}-codecs-json_lines`,
    keys: ["decode_size_limit_bytes"],
  },
  "input dead_letter_queue": {
    page: `${PLUGIN}-inputs-dead_letter_queue`,
    keys: ["path", "pipeline_id", "commit_offsets", "clean_consumed"],
  },
  "filter date": { page: `${PLUGIN}-filters-date`, keys: ["match"] },
  "filter ruby": { page: `${PLUGIN}-filters-ruby`, keys: ["code", "path"] },
  "filter mutate": { page: `${PLUGIN}-filters-mutate`, keys: ["copy", "rename"] },
  "output elasticsearch": {
    page: `${PLUGIN}-outputs-elasticsearch`,
    keys: [
      ...["hosts", "user", "password", "data_stream", "index", "action", "document_id"],
      ...["silence_errors_in_log", "manage_template", "ilm_enabled"],
    ],
  },
  "Logstash's container": {
    page: `${ELASTIC}/reference/logstash/jvm-settings`,
    keys: ["LS_JAVA_OPTS"],
  },
  "Logstash's container: for the pipelines": {
    page: `${ELASTIC}/reference/logstash/environment-variables`,
    keys: ["ELASTICSEARCH_HOST", "ELASTICSEARCH_USER"],
  },
  "Elasticsearch's container": {
    page: `${DEPLOY}/install-elasticsearch-docker-configure`,
    keys: ["ELASTIC_PASSWORD_FILE"],
  },
  "Elasticsearch: Java": {
    page: `${ELASTIC}/reference/elasticsearch/jvm-settings`,
    keys: ["ES_JAVA_OPTS"],
  },
  "Elasticsearch: the cluster": {
    page: `${DEPLOY}/important-settings-configuration`,
    keys: ["cluster.name"],
  },
  "Elasticsearch: other nodes": {
    page: `${ELASTICSEARCH}/discovery-cluster-formation-settings`,
    keys: ["discovery.type"],
  },
  "Elasticsearch: security": {
    page: `${ELASTICSEARCH}/security-settings`,
    keys: ["xpack.security.http.ssl.enabled"],
  },
  "Elasticsearch: the disk": {
    page: `${ELASTICSEARCH}/cluster-level-shard-allocation-routing-settings`,
    keys: ["low", "high", "flood_stage"].map(
      (mark) => `cluster.routing.allocation.disk.watermark.${mark}`,
    ),
  },
  "index template": {
    page: `${ELASTIC}/api/doc/elasticsearch/operation/operation-indices-put-index-template`,
    keys: [
      ...["index_patterns", "priority", "data_stream", "_meta", "template.settings"],
      ...["template.mappings", "template.lifecycle"],
    ],
  },
  "Kibana: general": {
    page: `${KIBANA}/general-settings`,
    keys: [
      ...["elasticsearch.hosts", "elasticsearch.username", "elasticsearch.password"],
      ...["server.basePath", "server.rewriteBasePath", "server.publicBaseUrl"],
    ],
  },
  "Kibana: telemetry": { page: `${KIBANA}/telemetry-settings`, keys: ["telemetry.optIn"] },
  "Kibana: security": {
    page: `${KIBANA}/security-settings`,
    keys: ["xpack.security.encryptionKey"],
  },
  "Kibana: its objects": {
    page: `${ELASTIC}/deploy-manage/security/secure-saved-objects`,
    keys: ["xpack.encryptedSavedObjects.encryptionKey"],
  },
  "Kibana: reporting": {
    page: `${KIBANA}/reporting-settings`,
    keys: ["xpack.reporting.encryptionKey"],
  },
} as const satisfies Readonly<
  Record<string, { readonly page: string; readonly keys: readonly string[] }>
>;

export type Place = keyof typeof documented;
