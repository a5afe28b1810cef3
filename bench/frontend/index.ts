/** The way through edge and proxy, against the same way written by hand and against none, in one run. */
import { docker, lines } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { inARow } from "../../test/e2e/support/page";
import type { Project } from "../../test/e2e/support/project";
import { run } from "../../test/e2e/support/run";
import { SwarmView } from "../../test/e2e/support/swarm";
import { ANSWER, startAnswer } from "./answer";
import { buildLoadImage, load, type LoadReport } from "./load";
import { type ManyServices, measureManyServices } from "./many";
import { addressOf, startRival, type Upstream } from "./rival";

/** What one way to a path reached, each time that it was tried. */
export interface Way {
  readonly path: string;
  readonly way: "edge and proxy" | "by hand" | "direct";
  readonly reports: readonly LoadReport[];
}

export interface FrontendMeasures {
  readonly ways: readonly Way[];
  readonly many: ManyServices;
}

const PATHS = ["/app1", ANSWER.path] as const;
const APP_PORT = 8080;

/** Makes the stack, measures, and leaves it up. */
export async function measureFrontend(
  project: Project,
  rounds: number,
  say: (line: string) => void,
): Promise<FrontendMeasures> {
  await project.up();
  const { app1Url, proxyUrl, managers } = await project.outputs();
  const { stack } = project;
  const network = `swarm-${stack}`;
  const swarm = new SwarmView(stack);
  const image = await swarm.docker(
    ...["service", "inspect", "proxy", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}"],
  );
  await startAnswer(swarm, image);
  await eventually("both paths from every proxy", { withinMs: 60_000 }, async () => {
    const served = PATHS.map((path) =>
      inARow(`${proxyUrl}${path}`, 9, (page) => page.status === 200),
    );
    return (await Promise.all(served)).every(Boolean) || undefined;
  });
  const upstreams: Upstream[] = [
    { path: PATHS[0], port: APP_PORT, addresses: await addresses(swarm, "app1") },
    { path: PATHS[1], port: ANSWER.port, addresses: await addresses(swarm, ANSWER.name) },
  ];
  const rivalUrl = await startRival(stack, swarm, image, upstreams);
  const own = `http://${await addressOf(`swarm-${stack}-edge`, network)}:${new URL(app1Url).port}`;

  const loadImage = await buildLoadImage();
  await run("sh", [
    "-c",
    `docker save ${loadImage} | docker exec -i ${swarm.container} docker load`,
  ]);
  const outside = { docker, network };
  const inside = { docker: (...args: string[]) => swarm.docker(...args), network: "main" };
  const plans = upstreams.flatMap(({ path, addresses: [first = ""], port }) => [
    { path, way: "edge and proxy", source: outside, url: `${own}${path}` } as const,
    { path, way: "by hand", source: outside, url: `${rivalUrl}${path}` } as const,
    { path, way: "direct", source: inside, url: `http://${first}:${port}${path}` } as const,
  ]);
  const ways = plans.map(({ path, way }) => ({ path, way, reports: [] as LoadReport[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { path, way, source, url }] of plans.entries()) {
      const report = await load(source, url);
      // The first round warms up.
      if (round === 0) continue;
      ways[i]?.reports.push(report);
      say(
        `${path}, ${way}: ${report.requestsPerSecond.toFixed(0)} requests/s, p99 ${report.p99} ms`,
      );
    }
  }

  const machines = managers.map(({ name }) => `${network}-${name}`);
  const many = await measureManyServices(proxyUrl, swarm, machines);
  say(`500 services: a change is live after ${many.changes.map((s) => s.toFixed(2)).join(", ")} s`);
  say(`500 services: proxy ${many.proxyMiB} MiB, listener ${many.listenerMiB} MiB`);
  return { ways, many };
}

/** Where a service's tasks are on the network main. */
async function addresses(swarm: SwarmView, service: string): Promise<string[]> {
  const ids = (await swarm.tasks(service)).map(({ id }) => id);
  const format = `{{range .NetworksAttachments}}{{if eq .Network.Spec.Name "main"}}{{index .Addresses 0}}{{end}}{{end}}`;
  const found = lines(await swarm.docker("inspect", ...ids, "--format", format));
  return found.map((address) => address.replace(/\/.*/, ""));
}
