/** The cluster that faults are injected into. */
import { docker, lines } from "../../e2e/support/engine";
import { eventually, type Patience } from "../../e2e/support/eventually";
import { get } from "../../e2e/support/page";
import type { Outputs } from "../../e2e/support/project";
import { SwarmView } from "../../e2e/support/swarm";
import { project, stack } from "./workspace";

export const machine = (name: string): string => `swarm-${stack}-${name}`;

/** Runs the Docker client inside a machine and returns what it printed. */
export const inside = (name: string, ...args: string[]): Promise<string> =>
  docker("exec", machine(name), "docker", ...args);

export const managers = ["manager-1", "manager-2", "manager-3"];
export const workers = ["worker-1", "worker-2", "worker-3"];
export const loggers = ["logger-1"];
export const machines = [...managers, ...workers, ...loggers];

/** Asked through manager-1, unless that is down: see `anotherThan`. */
export const swarm = new SwarmView(stack);

/** The swarm as a manager other than the one named sees it. */
export const anotherThan = (manager: string): SwarmView =>
  swarm.through(managers.find((name) => name !== manager) ?? manager);

/** A task's container, by where it runs. */
export interface Container {
  readonly machine: string;
  readonly id: string;
}

/** The containers of a service that run, draining ones included. */
export async function containersOf(service: string, on: readonly string[]): Promise<Container[]> {
  const filter = `label=com.docker.swarm.service.name=${service}`;
  const found = await Promise.all(
    on.map(async (name) =>
      lines(await inside(name, "ps", "--quiet", "--no-trunc", "--filter", filter)).map((id) => ({
        machine: name,
        id,
      })),
    ),
  );
  return found.flat();
}

/** Each look is some processes of the Docker client: more often, they would be a load of their own. */
const PATIENCE: Patience = { withinMs: 300_000, everyMs: 500 };

/** Waits until so many tasks of app1 run, and those that were told to stop have stopped. */
export const app1Settled = (count: number): Promise<true> =>
  eventually(`${count} tasks of app1, and no other`, PATIENCE, async () => {
    if (!(await swarm.runningTasks("app1", count))) return undefined;
    return (await containersOf("app1", workers)).length === count ? true : undefined;
  });

/** Waits until every proxy serves the page, and no other runs. */
export const proxiesSettled = (): Promise<true> =>
  eventually("the page from each of three proxies", PATIENCE, async () => {
    if (!(await swarm.runningTasks("proxy", 3))) return undefined;
    if ((await containersOf("proxy", managers)).length !== 3) return undefined;
    const pages = await Promise.all(
      (await proxyAddresses()).map((address) => get(`http://${address}/app1`)),
    );
    return pages.every(({ status }) => status === 200) ? true : undefined;
  });

/** Waits until all is as after `up`: what one fault did is over before the next one. */
export async function settled(): Promise<void> {
  await eventually("seven nodes that are ready and active", PATIENCE, async () => {
    const nodes = await swarm.nodes();
    const usable = nodes.filter((node) => node.state === "ready" && node.availability === "active");
    return usable.length === 7 ? true : undefined;
  });
  await app1Settled(3);
  await proxiesSettled();
}

let known: Promise<Outputs> | undefined;

/** The stack's outputs, which no fault changes: asked once. */
export const outputs = (): Promise<Outputs> => (known ??= project.outputs());

/** Where each proxy answers without the edge in between. */
export const proxyAddresses = async (): Promise<string[]> =>
  (await outputs()).managers.map(({ address }) => address);

/** Where the proxy on a manager answers without the edge in between. */
export async function proxyAddressOn(manager: string): Promise<string> {
  const found = (await outputs()).managers.find(({ name }) => name === manager);
  if (found === undefined) throw new Error(`no manager ${manager}`);
  return found.address;
}

/**
 * Has all other machines drop what a manager's engine tells them of its networks (port 7946), so that it hears of no task. Resolves
 * to what ends that.
 */
export async function deafTo(manager: string): Promise<() => Promise<void>> {
  const address = await proxyAddressOn(manager);
  const others = machines.filter((name) => name !== manager);
  const rule = (change: string, name: string, protocol: string) =>
    docker(
      ...["exec", machine(name), "iptables", "--wait", change, "INPUT", "--source", address],
      ...["--protocol", protocol, "--destination-port", "7946", "--jump", "DROP"],
    );
  const all = async (change: string): Promise<void> => {
    await Promise.all(
      others.flatMap((name) => ["tcp", "udp"].map((protocol) => rule(change, name, protocol))),
    );
  };
  await all("--insert");
  return () => all("--delete");
}

/** The process ids of HAProxy, master and worker, in each proxy: a reload would make a new worker. */
export async function haproxyProcesses(): Promise<string[]> {
  const names =
    'for p in /proc/[0-9]*; do read -r n <$p/comm && [ "$n" = haproxy ] && echo "${p#/proc/}"; done';
  const containers = await containersOf("proxy", managers);
  const found = await Promise.all(
    containers.map(async ({ machine: name, id }) => {
      const pids = lines(await inside(name, "exec", id, "sh", "-c", `${names}; true`));
      return pids.map((pid) => `${name} ${id.slice(0, 12)} ${pid}`);
    }),
  );
  return found.flat().sort();
}

/** The manager that leads the swarm. */
export async function leader(): Promise<string> {
  const listed = await swarm.docker("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}");
  const name = lines(listed)
    .find((line) => line.endsWith(" Leader"))
    ?.split(" ")[0];
  if (name === undefined) throw new Error(`no leader among:\n${listed}`);
  return name;
}
