/** The way through edge and proxy, against the same way written by hand and against none, in one run. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lines } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { inARow } from "../../test/e2e/support/page";
import type { Project } from "../../test/e2e/support/project";
import { SwarmView } from "../../test/e2e/support/swarm";
import { ANSWER, startAnswer } from "./answer";
import type { Upstream } from "./byHand";
import { type ManyServices, measureManyServices } from "./many";
import type { Way } from "./turns";
import { compareWays } from "./ways";

export interface FrontendMeasures {
  readonly ways: readonly Way[];
  readonly many: ManyServices;
}

const PATHS = ["/app1", ANSWER.path] as const;
const APP_PORT = 8080;
/** A round is short, as what else the machine does comes and goes in seconds: many of them have a median. */
const ROUNDS_A_RUN = 4;

/** Makes the stack without its logging, which would take the proxies' lines and not the rivals', measures, and leaves it up. */
export async function measureFrontend(
  project: Project,
  runs: number,
  say: (line: string) => void,
): Promise<FrontendMeasures> {
  const settings = join(project.place.folder, `Pulumi.${project.stack}.yaml`);
  writeFileSync(settings, 'config:\n  swarm:loggers: "0"\n');
  await project.up();
  const { app1Url, proxyUrl, managers } = await project.outputs();
  const { stack } = project;
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
  const edgePort = new URL(app1Url).port;
  const machines = managers.map(({ name }) => `swarm-${stack}-${name}`);
  const options = { stack, swarm, machines, image, edgePort, upstreams, say };
  const ways = await compareWays({ ...options, rounds: runs * ROUNDS_A_RUN });

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
