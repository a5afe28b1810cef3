/** The program's services through Pulumi, and the same through `docker stack deploy`, on the same swarm. */
import { isDeepStrictEqual } from "node:util";
import { eventually } from "../test/e2e/support/eventually";
import { inARow } from "../test/e2e/support/page";
import type { Project } from "../test/e2e/support/project";
import { run } from "../test/e2e/support/run";
import type { SwarmView } from "../test/e2e/support/swarm";
import { composeFile, essence, type ServiceSpec } from "./compose";
import type { Measures } from "./round";

const DEPLOYED = "compared";

type Comparison = Pick<Measures, "servicesCreate" | "servicesNoop" | "deployCreate" | "deployNoop">;

/**
 * Times both ways on a swarm without services, whose machines have the images. Each way waits until
 * every service has converged.
 * @throws when what `docker stack deploy` made is not the same as what Pulumi makes.
 */
export async function compareServices(
  project: Project,
  swarm: SwarmView,
  seconds: (name: string, value: number) => number,
): Promise<Comparison> {
  const own = await specs(swarm);
  const compose = JSON.stringify(composeFile(own, await networkNames(swarm)));
  const { app1Url } = await project.outputs();
  const served = () =>
    eventually("the page from every proxy", { withinMs: 60_000 }, () =>
      inARow(app1Url, 9, ({ status }) => status === 200),
    );

  await destroyServices(project);
  const deploy = () => deployStack(swarm, compose);
  const deployCreate = seconds("docker stack deploy, create", await deploy());
  expectSame(own, await specs(swarm));
  await served();
  const deployNoop = seconds("docker stack deploy, no-op", await deploy());
  await swarm.docker("stack", "rm", "--detach=false", DEPLOYED);
  await eventually("the end of its tasks", { withinMs: 120_000 }, () => noTasks(swarm));

  const create = await project.up();
  const servicesCreate = seconds("services by up, create", create.seconds);
  const made = create.changes.map(({ op, type }) => `${op} ${type}`);
  const expected = own.map(() => "create docker:index/service:Service");
  if (!isDeepStrictEqual(made, expected)) {
    throw new Error(`up did not make the services only: ${made.join(", ")}`);
  }
  await served();
  const noop = await project.up();
  if (noop.changes.length > 0) throw new Error("up changed something the second time");
  const servicesNoop = seconds("services by up, no-op", noop.seconds);
  return { servicesCreate, servicesNoop, deployCreate, deployNoop };
}

async function specs(swarm: SwarmView): Promise<ServiceSpec[]> {
  const ids = (await swarm.docker("service", "ls", "--quiet")).split("\n");
  const found = JSON.parse(await swarm.docker("service", "inspect", ...ids)) as {
    Spec: ServiceSpec;
  }[];
  return found.map(({ Spec }) => Spec).sort((a, b) => a.Name.localeCompare(b.Name));
}

async function networkNames(swarm: SwarmView): Promise<ReadonlyMap<string, string>> {
  const format = "{{.ID}} {{.Name}}";
  const listed = await swarm.docker("network", "ls", "--no-trunc", "--format", format);
  return new Map(listed.split("\n").map((line) => line.split(" ") as [string, string]));
}

/** Through standard input: the file is nowhere else. */
async function deployStack(swarm: SwarmView, compose: string): Promise<number> {
  const command = ["docker", "stack", "deploy", "--detach=false", "--compose-file", "-", DEPLOYED];
  const args = ["exec", "--interactive", swarm.container, ...command];
  return (await run("docker", args, { input: compose })).seconds;
}

async function destroyServices(project: Project): Promise<void> {
  const services = (await project.resources()).filter(({ type }) => type.endsWith(":Service"));
  const targets = services.flatMap(({ urn }) => ["--target", urn]);
  await project.pulumi(["destroy", "--yes", "--skip-preview", ...targets]);
}

/** The manager's list ends only when the last task has stopped. */
async function noTasks(swarm: SwarmView): Promise<true | undefined> {
  const filter = `label=com.docker.stack.namespace=${DEPLOYED}`;
  return (await swarm.docker("service", "ls", "--quiet", "--filter", filter)) === ""
    ? true
    : undefined;
}

function expectSame(own: readonly ServiceSpec[], deployed: readonly ServiceSpec[]): void {
  for (const spec of own) {
    const twin = deployed.find(({ Name }) => Name === `${DEPLOYED}_${spec.Name}`);
    const [left, right] = [essence(spec), twin && essence(twin)];
    if (!isDeepStrictEqual(left, right)) {
      throw new Error(
        `docker stack deploy made another ${spec.Name}:\n${JSON.stringify(left)}\n${JSON.stringify(right)}`,
      );
    }
  }
}
