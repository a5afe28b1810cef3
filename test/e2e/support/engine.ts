/** The host's engine, asked through its own client. */
import { execFileSync, spawnSync } from "node:child_process";
import { run } from "./run";

/** Runs the Docker client against the host's engine and returns what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { env: hostEngine, timeoutMs: 120_000 });
  return stdout.trim();
}

const hostEngine = {
  DOCKER_HOST: undefined,
  DOCKER_CONTEXT: undefined,
  DOCKER_TLS_VERIFY: undefined,
  DOCKER_CERT_PATH: undefined,
};

export const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** What the program builds: the images of its containers, and what it pushes to a stack's own registry. */
const OUR_IMAGE = /^(swarm-(machine|edge|registry)|127\.0\.0\.1:\d+\/.+):[^:/]+$/;

const ofStack = (stack: string): string => `label=swarm.stack=${stack}`;

/** The part of `docker container inspect` that tests look at. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Status: string; readonly StartedAt: string };
}

/** The stack's containers, those that are stopped included, by name without the leading slash. */
export async function containers(stack: string): Promise<ReadonlyMap<string, Container>> {
  const ids = lines(
    await docker("container", "ls", "--all", "--quiet", "--filter", ofStack(stack)),
  );
  if (ids.length === 0) return new Map();
  const found = JSON.parse(await docker("container", "inspect", ...ids)) as Container[];
  return new Map(found.map((container) => [container.Name.slice(1), container]));
}

/**
 * Everything of a stack on the engine, each as `kind name`: what has its label, its name or its tag.
 * Blocks, as it is also used where nothing else may happen meanwhile.
 */
export function objects(stack: string): string[] {
  const list = (...args: string[]): string[] =>
    lines(
      execFileSync("docker", args, { encoding: "utf8", env: { ...process.env, ...hostEngine } }),
    );
  const found = (["container", "network", "volume"] as const).flatMap((kind) => {
    const format = ["--format", kind === "container" ? "{{.Names}}" : "{{.Name}}"];
    const all = kind === "container" ? ["--all"] : [];
    const labelled = list(kind, "ls", ...all, ...format, "--filter", ofStack(stack));
    const named = list(kind, "ls", ...all, ...format).filter(
      (name) => name === `swarm-${stack}` || name.startsWith(`swarm-${stack}-`),
    );
    // The names of another stack may begin with this one's.
    const others = list(kind, "ls", ...all, ...format, "--filter", "label=swarm.stack");
    const own = named.filter((name) => labelled.includes(name) || !others.includes(name));
    return [...new Set([...labelled, ...own])].map((name) => `${kind} ${name}`);
  });
  const tags = list("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
    .filter((name) => OUR_IMAGE.test(name) && name.endsWith(`:${stack}`))
    .map((name) => `image ${name}`);
  return [...found, ...tags].sort();
}

/** Removes everything of a stack from the engine, however it got there. Blocks as well. */
export function removeObjects(stack: string): void {
  const commands = {
    container: ["container", "rm", "--force", "--volumes"],
    network: ["network", "rm"],
    volume: ["volume", "rm", "--force"],
    image: ["image", "rm", "--force"],
  };
  const found = objects(stack).map((object) => object.split(" "));
  for (const [kind, command] of Object.entries(commands)) {
    const names = found.filter(([of]) => of === kind).map(([, name = ""]) => name);
    // What is gone in the meantime is no error.
    if (names.length > 0) {
      spawnSync("docker", [...command, ...names], { env: { ...process.env, ...hostEngine } });
    }
  }
}
