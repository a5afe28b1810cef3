/** Services of the tests' own, from app1's image. */
import { swarm } from "./cluster";

export interface OwnService {
  /** The service's name, and its path without the slash. */
  readonly name: string;
  readonly replicas: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What runs in the image instead of the app; it is not asked for its health then. */
  readonly command?: readonly string[];
  /** The swarm's own default when left out. */
  readonly updateOrder?: "stop-first" | "start-first";
}

/** Creates it, with a route of its own, and does not wait for its tasks. */
export async function createService(service: OwnService): Promise<void> {
  const { name, replicas, env = {}, command, updateOrder } = service;
  const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
  const image = await swarm.docker("service", "inspect", "app1", "--format", format);
  const labels = {
    notify: "true",
    distribute: "true",
    serviceDomain: "",
    servicePath: `/${name}`,
    port: "8080",
    ...(command ? {} : { healthPath: `/${name}/health/ready` }),
  };
  const all = { SERVICE_PATH: `/${name}`, TASK_NAME: "{{.Task.Name}}", ...env };
  await swarm.docker(
    ...["service", "create", "--detach", "--quiet", "--name", name, "--replicas", `${replicas}`],
    ...["--network", "main", "--endpoint-mode", "dnsrr", "--constraint", "node.role==worker"],
    ...["--constraint", "node.labels.logger!=true", "--stop-grace-period", "30s"],
    ...(command ? ["--no-healthcheck"] : []),
    ...Object.entries(labels).flatMap(([key, value]) => ["--label", `com.df.${key}=${value}`]),
    ...Object.entries(all).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ...(updateOrder ? ["--update-order", updateOrder] : []),
    ...[image, ...(command ?? [])],
  );
}
