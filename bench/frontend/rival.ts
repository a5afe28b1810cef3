/** What someone would write by hand: the same HAProxy with a static configuration, behind an edge of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../../test/e2e/support/engine";
import { eventually } from "../../test/e2e/support/eventually";
import { get } from "../../test/e2e/support/page";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";

const NAME = "by-hand";
const PORT = 8088;

/** A backend: its path, and its tasks' addresses. */
export interface Upstream {
  readonly path: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/**
 * Starts it on every manager, on a port of its own.
 * @returns the address of its edge, once that passes requests on.
 */
export async function startRival(
  stack: string,
  swarm: SwarmView,
  image: string,
  upstreams: readonly Upstream[],
): Promise<string> {
  const config = ["config", "create", NAME, "-"];
  const input = configuration(upstreams);
  await run("docker", ["exec", "--interactive", swarm.container, "docker", ...config], { input });
  await swarm.docker(
    ...["service", "create", "--detach", "--name", NAME, "--network", "main"],
    ...["--endpoint-mode", "dnsrr", "--constraint", "node.role==manager", "--mode", "global"],
    ...["--publish", `mode=host,target=${PORT},published=${PORT}`],
    ...["--config", `source=${NAME},target=/haproxy.cfg`],
    ...["--no-healthcheck", "--entrypoint", "haproxy -W -db -f /haproxy.cfg", image],
  );
  return startEdge(stack);
}

function configuration(upstreams: readonly Upstream[]): string {
  const rules = upstreams.map(({ path }, i) => `  use_backend b${i} if { path_beg ${path} }`);
  const backends = upstreams.map(({ addresses, port }, i) =>
    [
      `backend b${i}`,
      ...addresses.map((address, n) => `  server s${n} ${address}:${port} check`),
    ].join("\n"),
  );
  return `global
  log stdout format raw local0
  maxconn 2000

defaults
  mode http
  log global
  option httplog
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s

frontend http
  bind :${PORT} accept-proxy
  http-request return status 200 if { path /healthz }
${rules.join("\n")}

${backends.join("\n\n")}
`;
}

/** Its edge is in no state, and would be in the network's way. */
export const stopRival = (stack: string): Promise<string> =>
  docker("container", "rm", "--force", edgeName(stack));

const edgeName = (stack: string): string => `swarm-${stack}-edge-rival`;

/** The stack's own edge once more, passing on to the port of the rival. */
async function startEdge(stack: string): Promise<string> {
  const [own, name, network] = [`swarm-${stack}-edge`, edgeName(stack), `swarm-${stack}`];
  const image = await docker("container", "inspect", own, "--format", "{{.Image}}");
  const theirs = await docker("exec", own, "cat", "/etc/haproxy/haproxy.cfg");
  const folder = mkdtempSync(join(tmpdir(), "bench-edge-"));
  try {
    const file = join(folder, "haproxy.cfg");
    // HAProxy wants the end of the last line, which is lost on the way.
    writeFileSync(file, `${theirs.replace(/:80 /g, `:${PORT} `)}\n`, { mode: 0o644 });
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
  await eventually("the proxy written by hand", { withinMs: 60_000 }, async () => {
    const { status } = await get(`${url}/answer`);
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
