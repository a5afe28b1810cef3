/** The cluster that the files share. */
import { existsSync, writeFileSync } from "node:fs";
import { containers } from "./engine";
import { eventually } from "./eventually";
import { get, inARow } from "./page";
import { type Outputs, Project } from "./project";
import { SwarmView, type Task } from "./swarm";
import { run } from "./run";
import { clusterMarker, stack, ephemeral } from "./workspace";

export const project = new Project(stack, ephemeral.place());
export const swarm = new SwarmView(stack);

/** The names of its machines, as the default configuration makes them. */
export const machineNames = [
  ...["manager-1", "manager-2", "manager-3"],
  ...["worker-1", "worker-2", "worker-3"],
  "logger-1",
];

export const containerOf = (machine: string): string => `swarm-${stack}-${machine}`;

/** Notes that the cluster is up, with its outputs. */
export const markClusterUp = (outputs: Outputs): void =>
  writeFileSync(clusterMarker, JSON.stringify(outputs));

/** For `beforeAll`: without a cluster there is nothing to test. */
export function requireCluster(): void {
  if (!existsSync(clusterMarker))
    throw new Error("the cluster is not up: see the first file's failure");
}

/** Everything as after `up`: seven Ready nodes, all tasks running, the page served by each proxy. */
export async function settled(app1Url: string, withinMs = 180_000): Promise<void> {
  await eventually("seven Ready nodes", { withinMs }, async () => {
    const nodes = await swarm.nodes();
    const ready = nodes.filter(({ state }) => state === "ready").map(({ name }) => name);
    return ready.length === 7 && nodes.length === 7 ? true : undefined;
  });
  await eventually("all tasks running", { withinMs }, () => allTasks());
  await eventually("the page from every proxy", { withinMs }, () =>
    inARow(app1Url, 6, (page) => page.status === 200),
  );
}

/** The tasks of all services, once all run. */
export async function allTasks(replicas = { app1: 3 }): Promise<Task[] | undefined> {
  const services = {
    ...{ "socket-proxy": 3, "swarm-listener": 2, proxy: 3 },
    ...{ "mongo-keeper": 1, "mongo-store-1": 1 },
    ...{ elasticsearch: 1, logstash: 1, kibana: 1, "log-keeper": 1, "log-shipper": 7 },
    ...replicas,
  };
  const found = await Promise.all(
    Object.entries(services).map(([name, count]) => swarm.runningTasks(name, count)),
  );
  return found.every((tasks) => tasks !== undefined) ? found.flat() : undefined;
}

/** The same, waited for: a task that is just replaced, or a probe that was missed, is none that is lost. */
export const everyTask = (): Promise<Task[]> =>
  eventually("all tasks running", { withinMs: 60_000 }, () => allTasks());

/**
 * What the tasks of a service have logged, those that ended included. From the machines one by one: `docker service logs` waits
 * for ever where one of the tasks has lost its container.
 */
export async function logsOf(service: string): Promise<string> {
  const ofService = `label=com.docker.swarm.service.name=${service}`;
  const script = `for id in $(docker ps --all --quiet --filter ${ofService}); do docker logs $id; done`;
  const found = await Promise.all(
    machineNames.map((machine) =>
      run("docker", ["exec", containerOf(machine), "sh", "-c", script]),
    ),
  );
  return found.map(({ output }) => output).join("");
}

/** When each container of the stack was started. */
export async function startTimes(): Promise<Record<string, string>> {
  const found = [...(await containers(stack))];
  return Object.fromEntries(found.map(([name, { State }]) => [name, State.StartedAt]));
}

/** Waits until requests are answered well again, many in a row. */
export const served = (url: string, withinMs: number): Promise<true> =>
  eventually("the page", { withinMs }, () =>
    inARow(url, 12, (page) => page.status === 200 && page.task.startsWith("app1.")),
  );

export { get };
