/** The same HAProxy with a static configuration in the proxies' place, behind an edge of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { get } from "../../test/e2e/support/page";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";

export interface Rival {
  /** Its service's name. */
  readonly name: string;
  /** On every manager, where nothing else listens. */
  readonly port: number;
  readonly configuration: string;
}

/**
 * Starts it on every manager.
 * @param path one that it serves
 * @returns the address of its edge, once that passes requests on.
 */
export async function startRival(
  stack: string,
  swarm: SwarmView,
  image: string,
  rival: Rival,
  path: string,
): Promise<string> {
  const { name, port, configuration: input } = rival;
  const config = ["config", "create", name, "-"];
  await run("docker", ["exec", "--interactive", swarm.container, "docker", ...config], { input });
  await swarm.docker(
    ...["service", "create", "--detach", "--name", name, "--network", "main"],
    ...["--endpoint-mode", "dnsrr", "--constraint", "node.role==manager", "--mode", "global"],
    ...["--publish", `mode=host,target=${port},published=${port}`],
    ...["--config", `source=${name},target=/haproxy.cfg`],
    ...["--no-healthcheck", "--entrypoint", "haproxy -W -db -f /haproxy.cfg", image],
  );
  return startEdge(stack, rival, path);
}

/** Its edge is in no state, and would be in the network's way. */
export const stopRival = (stack: string, rival: Rival): Promise<string> =>
  docker("container", "rm", "--force", edgeName(stack, rival));

const edgeName = (stack: string, { name }: Rival): string => `swarm-${stack}-edge-${name}`;

/** The stack's own edge once more, passing on to the port of the rival. */
async function startEdge(stack: string, rival: Rival, path: string): Promise<string> {
  const [own, name, network] = [`swarm-${stack}-edge`, edgeName(stack, rival), `swarm-${stack}`];
  const image = await docker("container", "inspect", own, "--format", "{{.Image}}");
  const theirs = await docker("exec", own, "cat", "/etc/haproxy/haproxy.cfg");
  const folder = mkdtempSync(join(tmpdir(), "bench-edge-"));
  try {
    const file = join(folder, "haproxy.cfg");
    // HAProxy wants the end of the last line, which is lost on the way.
    writeFileSync(file, `${theirs.replace(/:80 /g, `:${rival.port} `)}\n`, { mode: 0o644 });
    const label = `swarm.stack=${stack}`;
    await docker("create", "--name", name, "--network", network, "--label", label, image);
    await docker("cp", file, `${name}:/etc/haproxy/haproxy.cfg`);
    await docker("start", name);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const address = await addressOf(name, network);
  const port = /bind :(\d+)/.exec(theirs)?.[1];
  const url = `http://${address}:${port}`;
  await eventually(`the service ${rival.name}`, { withinMs: 60_000 }, async () => {
    const { status } = await get(`${url}${path}`);
    if (status !== 200) throw new Error(`answered ${status}`);
    return true;
  });
  return url;
}

/** The address of a container of this host on one of its networks. */
export function addressOf(container: string, network: string): Promise<string> {
  const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  return docker("container", "inspect", container, "--format", format);
}
