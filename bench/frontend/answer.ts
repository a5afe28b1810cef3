/** A service whose answer costs next to nothing, so that what is measured is the way to it. */
import type { SwarmView } from "../../test/e2e/support/swarm";
import { run } from "../../test/e2e/support/run";

export const ANSWER = { name: "answer", path: "/answer", port: 8080, replicas: 3 } as const;

/** HAProxy's, of a task. */
export const ANSWER_CONFIGURATION = `global
  maxconn 2000
defaults
  mode http
  timeout client 60s
  timeout http-keep-alive 120s
frontend http
  bind :${ANSWER.port}
  http-request return status 200 content-type text/plain string "the answer"
`;

/** Starts it, behind the proxy. @param image one with HAProxy in it. */
export async function startAnswer(swarm: SwarmView, image: string): Promise<void> {
  const config = ["config", "create", ANSWER.name, "-"];
  await run("docker", ["exec", "--interactive", swarm.container, "docker", ...config], {
    input: ANSWER_CONFIGURATION,
  });
  const labels = {
    notify: "true",
    distribute: "true",
    servicePath: ANSWER.path,
    port: String(ANSWER.port),
  };
  await swarm.docker(
    ...["service", "create", "--quiet", "--name", ANSWER.name, "--network", "main"],
    ...["--endpoint-mode", "dnsrr", "--constraint", "node.role==worker"],
    ...["--replicas", String(ANSWER.replicas), "--replicas-max-per-node", "1"],
    ...["--config", `source=${ANSWER.name},target=/haproxy.cfg`],
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `com.df.${name}=${value}`]),
    ...["--no-healthcheck", "--entrypoint", "haproxy -W -db -f /haproxy.cfg", image],
  );
}
