/** What the parts of the logging tier call each other. */

export const ELASTICSEARCH = "elasticsearch";
export const LOGSTASH = "logstash";
export const KIBANA = "kibana";
export const LOG_KEEPER = "log-keeper";
export const LOG_SHIPPER = "log-shipper";

/** Who writes lines: `apps/log-keeper` makes the user. */
export const WRITER = "logstash_writer";

/** Where Kibana's page lives, behind the proxy. */
export const KIBANA_PATH = "/kibana";
export const KIBANA_PORT = 5601;

export const ELASTICSEARCH_URL = `http://${ELASTICSEARCH}:9200`;

/** The user that Elasticsearch, Logstash, Kibana and our own Node.js images run as. */
export const UID = 1000;
