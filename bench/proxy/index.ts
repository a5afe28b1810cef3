/** The proxy alone, against the same HAProxy with a configuration written by hand: one container each, no swarm. */
import { Client } from "undici";
import { join } from "node:path";
import { repository } from "../../test/e2e/support/clone";
import { docker } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { get } from "../../test/e2e/support/page";
import { ANSWER, ANSWER_CONFIGURATION } from "../frontend/answer";
import { bare, likeForLike, type Upstream } from "../frontend/byHand";
import { buildLoadImage } from "../frontend/load";
import { addressOf } from "../frontend/rival";
import { loadInTurn, type Plan, type Way } from "../frontend/turns";

const NAME = "swarm-bench-proxy";
const LABEL = `swarm.bench=${NAME}`;
const TASKS = 3;
/** A round is short, as what else the machine does comes and goes in seconds: many of them have a median. */
const ROUNDS_A_RUN = 5;

/** Makes the containers, measures, and removes them. */
export async function measureProxy(runs: number, say: (line: string) => void): Promise<Way[]> {
  await removeAll();
  try {
    await docker("build", "--quiet", "--tag", NAME, join(repository, "apps/proxy"));
    await docker("network", "create", "--label", LABEL, NAME);
    const names = Array.from({ length: TASKS }, (_, i) => `${NAME}-${ANSWER.name}-${i}`);
    for (const name of names) {
      await startHaproxy(name, ANSWER_CONFIGURATION, ["--network-alias", `tasks.${ANSWER.name}`]);
    }
    const addresses = await Promise.all(names.map((name) => addressOf(name, NAME)));
    const upstreams: Upstream[] = [{ path: ANSWER.path, port: ANSWER.port, addresses }];

    const proxy = `${NAME}-proxy`;
    await start(proxy, [], []);
    await route(await addressOf(proxy, NAME));
    await startHaproxy(`${NAME}-hand`, likeForLike(":80", upstreams));
    await startHaproxy(`${NAME}-bare`, bare(":80", upstreams));
    await buildLoadImage();
    const plans = [
      await plan("proxy", proxy, 80),
      await plan("by hand, like for like", `${NAME}-hand`, 80),
      await plan("by hand, bare", `${NAME}-bare`, 80),
      await plan("direct", names[0] ?? "", ANSWER.port),
    ];
    return await loadInTurn(plans, runs * ROUNDS_A_RUN, say);
  } finally {
    await removeAll();
  }
}

/** Starts a container of the proxy's image. @param command empty for the proxy itself */
async function start(
  name: string,
  options: readonly string[],
  command: readonly string[],
): Promise<void> {
  await docker(
    ...["run", "--detach", "--name", name, "--label", LABEL, "--network", NAME],
    ...["--log-opt", "max-size=10m", "--log-opt", "max-file=3", "--no-healthcheck"],
    ...options,
    ...[NAME, ...command],
  );
}

function startHaproxy(name: string, config: string, options: readonly string[] = []) {
  const command =
    'printf "%s" "$CONFIG" > /tmp/haproxy.cfg && exec haproxy -W -db -f /tmp/haproxy.cfg';
  return start(name, [...options, "--env", `CONFIG=${config}`], ["sh", "-c", command]);
}

/** Gives the proxy its route, and waits until it is served. */
async function route(address: string): Promise<void> {
  const query = `serviceName=${ANSWER.name}&servicePath=${ANSWER.path}&port=${ANSWER.port}&replicas=${TASKS}`;
  const url = `http://${address}:8080/v1/docker-flow-proxy/reconfigure?${query}`;
  await eventually("the proxy's route", { withinMs: 60_000 }, async () => {
    const { status } = await get(url);
    return status === 200 || undefined;
  });
  await eventually("an answer through the proxy", { withinMs: 60_000 }, async () => {
    const { status } = await get(`http://${address}${ANSWER.path}`);
    return status === 200 || undefined;
  });
}

async function plan(way: Way["way"], container: string, port: number): Promise<Plan> {
  const url = `http://${await addressOf(container, NAME)}:${port}`;
  const source = { docker, network: NAME };
  return { path: ANSWER.path, way, url, source, cpu: () => cpuOf(container) };
}

/**
 * What all that runs in a container has used so far, in microseconds.
 * @throws Error where the engine does not know: it says 0 then
 */
async function cpuOf(container: string): Promise<number> {
  const engine = new Client("http://localhost", { socketPath: "/var/run/docker.sock" });
  const path = `/containers/${container}/stats?stream=false&one-shot=true`;
  const { body } = await engine.request({ method: "GET", path });
  const { cpu_stats: cpu } = (await body.json()) as {
    cpu_stats: { cpu_usage: { total_usage: number } };
  };
  await engine.close();
  const { total_usage: nanoseconds } = cpu.cpu_usage;
  if (nanoseconds === 0) throw new Error(`the engine does not say what ${container} has used`);
  return nanoseconds / 1000;
}

async function removeAll(): Promise<void> {
  const filter = ["--quiet", "--filter", `label=${LABEL}`];
  const containers = (await docker("container", "ls", "--all", ...filter))
    .split("\n")
    .filter(Boolean);
  if (containers.length > 0) await docker("container", "rm", "--force", "--volumes", ...containers);
  const networks = (await docker("network", "ls", ...filter)).split("\n").filter(Boolean);
  if (networks.length > 0) await docker("network", "rm", ...networks);
}
