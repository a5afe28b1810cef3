import * as pulumi from "@pulumi/pulumi";
import { BuiltImage } from "../image";
import { overlaySubnets } from "../networks";
import type { Foundation } from "../foundation";
import { httpHealthcheck } from "../healthcheck";
import { SwarmService } from "../service";
import type { Database } from "../store";

/** What an app is: a folder with its sources, and where its page lives. */
export interface AppSpec {
  /** The service's name; also the image's. */
  readonly name: string;
  /** Folder with the Dockerfile, relative to the project. */
  readonly source: string;
  /** The path that the proxy routes to it, such as `/app1`; no other app may have it. */
  readonly path: string;
  /** The domains that it answers for; left out, any. */
  readonly domains?: readonly string[];
  /** The port that its tasks listen on. 8080 when left out. */
  readonly port?: number;
  readonly replicas: number;
  /** MiB a task; limit 128 and reservation 64 when left out. */
  readonly memory?: { readonly limit: number; readonly reservation: number };
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Its database in the store; left out, it has none. Apps that name the same one share it. */
  readonly database?: string;
}

export const appMemory = { limit: 128, reservation: 64 } as const;

export interface AppArgs {
  readonly spec: AppSpec;
  readonly foundation: Foundation;
  /** The databases of the store, by name. */
  readonly databases?: Readonly<Record<string, Database>>;
  /** Who takes its log lines on `log_net`; left out, its output alone has them. */
  readonly logHost?: string;
}

/** The user `node` of the image, who alone may read an app's secrets. */
const APP_UID = 1000;

/** An app behind the proxy: its image, its service on the workers, and its route as labels. */
export class App extends pulumi.ComponentResource {
  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:apps:App", name, {}, opts);
    const { spec, foundation } = args;
    const { networks } = foundation;
    const database = spec.database === undefined ? undefined : args.databases?.[spec.database];
    const urlFile = `${spec.name}-mongo-url`;

    const image = new BuiltImage(
      `${name}-image`,
      { ...foundation, context: spec.source, repository: spec.name },
      { parent: this },
    );
    new SwarmService(
      name,
      {
        cluster: foundation.cluster,
        platform: foundation.platform,
        serviceName: spec.name,
        image: image.reference,
        replicas: spec.replicas,
        networks: [
          { network: networks.main },
          { network: networks.apps_net },
          { network: networks.log_net },
        ],
        constraints: ["node.role==worker", "node.labels.logger!=true"],
        memory: spec.memory ?? appMemory,
        env: {
          SERVICE_PATH: spec.path,
          PORT: String(portOf(spec)),
          TRUST_PROXY: overlaySubnets.main,
          TASK_NAME: "{{.Task.Name}}",
          NODE_NAME: "{{.Node.Hostname}}",
          ...(args.logHost === undefined ? {} : { LOGSTASH_HOST: args.logHost }),
          ...(database ? { MONGO_URL_FILE: `/run/secrets/${urlFile}` } : {}),
          ...spec.env,
        },
        secrets: database ? [{ secret: database.url, file: urlFile, uid: APP_UID }] : undefined,
        after: database ? [database.ready] : undefined,
        labels: routeLabels(spec),
        healthcheck: httpHealthcheck(portOf(spec), `${spec.path}/health/live`),
        // A new task is found alive after three seconds instead of five: a rolling update waits for one after another.
        patience: { startSeconds: 0, intervalSeconds: 3, timeoutSeconds: 5, retries: 10 },
        stopGraceSeconds: 30,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

const portOf = ({ port = 8080 }: AppSpec): number => port;

/** The labels by which the listener and the proxy know the route. */
export const routeLabels = (spec: AppSpec): Record<string, string> => ({
  "com.df.notify": "true",
  "com.df.distribute": "true",
  "com.df.serviceDomain": (spec.domains ?? []).join(","),
  "com.df.servicePath": spec.path,
  "com.df.port": String(portOf(spec)),
  "com.df.healthPath": `${spec.path}/health/ready`,
});
