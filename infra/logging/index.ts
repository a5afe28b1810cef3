import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config";
import type { Foundation } from "../foundation";
import { BuiltImage } from "../image";
import { randomSecret, swarmSecret } from "../secrets";
import { SwarmService } from "../service";
import { type LoggingConfig, memoryOf } from "./config";
import * as names from "./names";

export interface LoggingArgs {
  readonly logging: LoggingConfig;
  readonly foundation: Foundation;
  /** Where browsers find the proxy, without a slash at its end. */
  readonly proxyUrl: pulumi.Input<string>;
}

const LOGGER = ["node.labels.logger==true"];

/** The official images that the tier's are built from. */
export const loggingImages = ({ logging }: Pick<StackConfig, "logging">): string[] =>
  logging
    ? [names.ELASTICSEARCH, names.LOGSTASH, names.KIBANA].map(
        (part) => `${part}:${logging.version}`,
      )
    : [];

/** Elasticsearch, Logstash and Kibana on the logger, what sets them up, and on each node what ships the containers' output. */
export class Logging extends pulumi.ComponentResource {
  /** Kibana's page. */
  public readonly kibanaUrl: pulumi.Output<string>;
  /** With which `elastic` logs in there. */
  public readonly kibanaPassword: pulumi.Output<string>;
  /** Where apps send their lines, on `log_net`. */
  public readonly host = names.LOGSTASH;

  constructor(name: string, args: LoggingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:logging:Logging", name, {}, opts);
    const { foundation, logging } = args;
    const { cluster, platform, networks } = foundation;
    const memory = memoryOf(logging);
    const child = { parent: this };
    const onSwarm = { ...child, deletedWith: cluster };
    this.kibanaUrl = pulumi.interpolate`${args.proxyUrl}${names.KIBANA_PATH}`;

    const password = (user: string, given?: pulumi.Output<string>) => {
      const text = given ?? randomSecret(`${name}-password-${user}-value`, 24, child);
      return { text, secret: swarmSecret(`${name}-password-${user}`, text, onSwarm) };
    };
    const elastic = password("elastic", logging.password);
    this.kibanaPassword = elastic.text;
    const kibana = password("kibana");
    const writer = password("writer");
    const asFile = ({ secret }: { secret: docker.Secret }, file: string) => ({
      secret,
      file,
      uid: names.UID,
    });

    const image = (part: string, context: string, tagged = true) =>
      new BuiltImage(
        `${part}-image`,
        {
          ...foundation,
          context,
          repository: part,
          args: tagged ? { TAG: logging.version } : undefined,
        },
        child,
      ).reference;
    const common = { cluster, platform };

    new SwarmService(
      names.ELASTICSEARCH,
      {
        ...common,
        serviceName: names.ELASTICSEARCH,
        image: image(names.ELASTICSEARCH, "infra/images/elasticsearch"),
        replicas: 1,
        networks: [{ network: networks.log_net }],
        constraints: LOGGER,
        memory: { limit: memory.elasticsearch, reservation: memory.elasticsearch },
        env: {
          "discovery.type": "single-node",
          "cluster.name": "logs",
          // Among the parts of the stack, on an overlay that nobody else is on.
          "xpack.security.http.ssl.enabled": "false",
          // Absolute: a share of a disk that other things fill too would stop the log long before it is full.
          "cluster.routing.allocation.disk.watermark.low": "2gb",
          "cluster.routing.allocation.disk.watermark.high": "1gb",
          "cluster.routing.allocation.disk.watermark.flood_stage": "500mb",
          ES_JAVA_OPTS: `-Xms${logging.heap}m -Xmx${logging.heap}m`,
          ELASTIC_PASSWORD_FILE: "/run/secrets/elastic-password",
        },
        secrets: [asFile(elastic, "elastic-password")],
        mounts: [
          { type: "volume", source: "elasticsearch", target: "/usr/share/elasticsearch/data" },
        ],
        healthcheck: ["healthcheck"],
        patience: { startSeconds: 180, intervalSeconds: 10, timeoutSeconds: 10, retries: 5 },
        stopGraceSeconds: 90,
      },
      child,
    );

    new SwarmService(
      names.LOG_KEEPER,
      {
        ...common,
        serviceName: names.LOG_KEEPER,
        image: image(names.LOG_KEEPER, "apps/log-keeper", false),
        replicas: 1,
        networks: [{ network: networks.log_net }],
        constraints: LOGGER,
        memory: { limit: memory.keeper, reservation: 48 },
        env: {
          ELASTICSEARCH_URL: names.ELASTICSEARCH_URL,
          KIBANA_URL: `http://${names.KIBANA}:${names.KIBANA_PORT}${names.KIBANA_PATH}`,
          RETENTION: logging.retention,
          ELASTIC_PASSWORD_FILE: "/run/secrets/elastic-password",
          KIBANA_PASSWORD_FILE: "/run/secrets/kibana-password",
          WRITER_PASSWORD_FILE: "/run/secrets/logstash-password",
        },
        secrets: [
          asFile(elastic, "elastic-password"),
          asFile(kibana, "kibana-password"),
          asFile(writer, "logstash-password"),
        ],
        healthcheck: ["node", "dist/healthcheck.js"],
        stopGraceSeconds: 45,
      },
      child,
    );

    new SwarmService(
      names.LOGSTASH,
      {
        ...common,
        serviceName: names.LOGSTASH,
        image: image(names.LOGSTASH, "infra/images/logstash"),
        replicas: 1,
        networks: [{ network: networks.log_net }],
        constraints: LOGGER,
        memory: { limit: memory.logstash, reservation: 128 },
        env: {
          ELASTICSEARCH_HOST: names.ELASTICSEARCH,
          ELASTICSEARCH_USER: names.WRITER,
          LS_JAVA_OPTS: "-Xms384m -Xmx384m",
        },
        secrets: [asFile(writer, "logstash-password")],
        mounts: [{ type: "volume", source: "logstash", target: "/usr/share/logstash/data" }],
        healthcheck: ["healthcheck"],
        patience: { startSeconds: 180, intervalSeconds: 10, timeoutSeconds: 10, retries: 5 },
        stopGraceSeconds: 60,
      },
      child,
    );

    const keys = ["security", "encryptedSavedObjects", "reporting"].map((part) =>
      randomSecret(`${name}-key-${part}-value`, 32, child).apply(
        (key) => `xpack.${part}.encryptionKey: "${key}"`,
      ),
    );
    // Kibana reads no password from a file, but more than one file of settings.
    const login = kibana.text.apply((text) => `elasticsearch.password: "${text}"`);
    const settings = pulumi.all([login, ...keys]).apply((lines) => `${lines.join("\n")}\n`);
    new SwarmService(
      names.KIBANA,
      {
        ...common,
        serviceName: names.KIBANA,
        image: image(names.KIBANA, "infra/images/kibana"),
        args: [
          "/usr/local/bin/kibana-docker",
          ...["--config", "/usr/share/kibana/config/kibana.yml"],
          ...["--config", "/run/secrets/kibana.yml"],
        ],
        replicas: 1,
        networks: [{ network: networks.log_net }, { network: networks.main }],
        constraints: LOGGER,
        memory: { limit: memory.kibana, reservation: 128 },
        env: {
          ELASTICSEARCH_HOSTS: names.ELASTICSEARCH_URL,
          ELASTICSEARCH_USERNAME: "kibana_system",
          SERVER_BASEPATH: names.KIBANA_PATH,
          SERVER_REWRITEBASEPATH: "true",
          SERVER_PUBLICBASEURL: this.kibanaUrl,
          TELEMETRY_OPTIN: "false",
        },
        secrets: [
          asFile(
            { secret: swarmSecret(`${name}-kibana-settings`, settings, onSwarm) },
            "kibana.yml",
          ),
        ],
        labels: {
          "com.df.notify": "true",
          "com.df.distribute": "true",
          "com.df.servicePath": names.KIBANA_PATH,
          "com.df.port": String(names.KIBANA_PORT),
          "com.df.healthPath": `${names.KIBANA_PATH}/api/status`,
        },
        healthcheck: ["healthcheck"],
        patience: { startSeconds: 300, intervalSeconds: 10, timeoutSeconds: 10, retries: 5 },
        stopGraceSeconds: 45,
      },
      child,
    );

    new SwarmService(
      names.LOG_SHIPPER,
      {
        ...common,
        serviceName: names.LOG_SHIPPER,
        image: image(names.LOG_SHIPPER, "apps/log-shipper", false),
        replicas: "everywhere",
        networks: [{ network: networks.log_net }],
        constraints: [],
        memory: { limit: memory.shipper, reservation: 16 },
        env: { LOGSTASH_HOST: names.LOGSTASH, NODE_NAME: "{{.Node.Hostname}}" },
        mounts: [
          { type: "bind", source: CONTAINERS, target: CONTAINERS, readOnly: true },
          { type: "volume", source: "log-shipper", target: "/var/lib/log-shipper" },
        ],
        healthcheck: ["sh", "-c", '[ -n "$(find /tmp/alive -mmin -15)" ]'],
        stopGraceSeconds: 20,
      },
      child,
    );
    this.registerOutputs({ kibanaUrl: this.kibanaUrl });
  }
}

/** Where the engine has its containers' output. */
const CONTAINERS = "/var/lib/docker/containers";
