/** A change of a route among many. */
import { bytesOf } from "../../scripts/stacks";
import { docker, lines } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { get, inARow } from "../../test/e2e/support/page";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";
import { ANSWER } from "./answer";

export interface ManyServices {
  /** From the end of the command that changes a label until every proxy routes by it, in seconds. */
  readonly changes: readonly number[];
  /** The largest task of each, in MiB, as `docker stats` counts. */
  readonly proxyMiB: number;
  readonly listenerMiB: number;
}

const SERVICES = 500;
const CHANGES = 7;
/** More requests in a row than there are proxies. */
const IN_A_ROW = 9;

/** Adds the services, whose tasks no node may take: what is measured is the routes. */
export async function measureManyServices(
  proxyUrl: string,
  swarm: SwarmView,
  machines: readonly string[],
): Promise<ManyServices> {
  const image = await swarm.docker(
    ...["service", "inspect", ANSWER.name],
    ...["--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}"],
  );
  await run("docker", ["exec", "--interactive", swarm.container, "sh"], {
    input: `seq ${SERVICES} | xargs -P 4 -I N docker service create --quiet --detach --name filler-N \
      --network main --endpoint-mode dnsrr --constraint node.labels.filler==true \
      --label com.df.notify=true --label com.df.distribute=true \
      --label com.df.servicePath=/filler-N --label com.df.port=8080 ${image} >/dev/null`,
  });
  await eventually("all routes on every proxy", { withinMs: 300_000, everyMs: 1000 }, async () => {
    const routed = lines(
      await Promise.all(
        machines.map((machine) => docker("exec", machine, "sh", "-c", COUNT_ROUTES)),
      ).then((counts) => counts.join("\n")),
    );
    return routed.every((count) => Number(count) > SERVICES) ? true : undefined;
  });

  const changes: number[] = [];
  for (let i = 1; i <= CHANGES; i++) {
    const path = `/moved-${i}`;
    const label = `com.df.servicePath=${ANSWER.path},${path}`;
    const update = ["service", "update", "--detach", "--label-add", label, ANSWER.name];
    await swarm.docker(...update);
    const changed = performance.now();
    await eventually(`the route ${path}`, { withinMs: 60_000, everyMs: 20 }, () =>
      inARow(`${proxyUrl}${path}`, IN_A_ROW, ({ status }) => status === 200),
    );
    changes.push((performance.now() - changed) / 1000);
    const untouched = await get(`${proxyUrl}/app1`);
    if (untouched.status !== 200) throw new Error(`/app1 answered ${untouched.status}`);
  }
  return {
    changes,
    proxyMiB: await largest(machines, "proxy"),
    listenerMiB: await largest(machines, "swarm-listener"),
  };
}

const taskOf = (service: string): string =>
  `$(docker container ls --quiet --filter label=com.docker.swarm.service.name=${service})`;

const COUNT_ROUTES = `docker exec ${taskOf("proxy")} sh -c 'grep -c "^backend " /run/proxy/haproxy.cfg'`;

async function largest(machines: readonly string[], service: string): Promise<number> {
  const stats = `tasks=${taskOf(service)}; [ -z "$tasks" ] || docker stats --no-stream --format '{{.MemUsage}}' $tasks`;
  const found = await Promise.all(
    machines.map((machine) => docker("exec", machine, "sh", "-c", stats)),
  );
  return Math.max(...found.flatMap(lines).map(mebibytes));
}

function mebibytes(usage: string): number {
  const bytes = bytesOf(usage);
  if (bytes === 0) throw new Error(`docker stats said ${usage}`);
  return bytes / 2 ** 20;
}
