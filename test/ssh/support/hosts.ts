/** Seven servers with sshd and nothing else, and a registry that asks for a password: containers of this computer. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../e2e/support/clone";
import { docker } from "../../e2e/support/engine";
import { eventually } from "../../e2e/support/eventually";
import { run } from "../../e2e/support/run";
import { ephemeral, stack } from "./workspace";

const SUBNET = "10.230.77.0/24";
const REGISTRY = "10.230.77.3";
const PORT = 5000;
const network = `swarm-${stack}`;
const label = ["--label", `swarm.stack=${stack}`];

/** What each host is, in the order of the settings. */
export const hosts = [
  ...[1, 2, 3].map((n) => ({ role: "manager", n, address: `10.230.77.${10 + n}` })),
  ...[1, 2, 3].map((n) => ({ role: "worker", n, address: `10.230.77.${100 + n}` })),
  { role: "logger", n: 1, address: "10.230.77.201" },
].map(({ role, n, address }) => ({ name: `${role}-${n}`, role, address }));

export const containerOf = (name: string): string => `swarm-${stack}-${name}`;
export const registryAddress = `${REGISTRY}:${PORT}`;
export const username = "stack";

/** Files of the run: the keys, and what the registry is set up with. */
const file = (name: string): string => join(ephemeral.workspace, "hosts", name);
export const read = (name: string): string => readFileSync(file(name), "utf8");

/** Where this computer's engine looks up whom to trust for the registry. */
const trusted = `/etc/docker/certs.d/${registryAddress}`;

const images = { host: `swarm-test-host:${stack}`, registry: `swarm-test-registry:${stack}` };

/** Makes all of it, anew. */
export async function startHosts(): Promise<void> {
  mkdirSync(file(""), { recursive: true, mode: 0o700 });
  for (const [name, tag] of Object.entries(images)) {
    await run("docker", ["build", "--quiet", "--tag", tag, join(repository, "test/ssh", name)], {
      env: { DOCKER_BUILDKIT: "0" },
    });
  }
  await docker("network", "create", ...label, "--subnet", SUBNET, network);
  await startRegistry();
  await makeKey("user");
  for (const { name, address } of hosts) {
    await makeKey(name);
    await docker(
      ...["run", "--detach", "--name", containerOf(name), "--hostname", `server-${name}`],
      ...[...label, "--network", network, "--ip", address],
      ...["--privileged", "--init", "--tmpfs", "/run"],
      ...["--env", `HOST_KEY=${Buffer.from(read(name)).toString("base64")}`],
      ...["--env", `USERS_KEY=${read("user.pub").trim()}`],
      images.host,
    );
  }
}

/** Removes what `removeObjects` does not know of. */
export async function forgetHosts(): Promise<void> {
  rmSync(trusted, { recursive: true, force: true });
  await docker("image", "rm", "--force", ...Object.values(images));
}

const makeKey = (name: string) =>
  run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file(name)]);

/** The type and the key without the comment. */
export const publicKey = (name: string): string =>
  read(`${name}.pub`).trim().split(" ").slice(0, 2).join(" ");

async function startRegistry(): Promise<void> {
  const openssl = (...args: string[]) => run("openssl", args, { cwd: file("") });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    ...["req", "-x509", ...key, "-days", "2", "-subj", "/CN=authority"],
    ...["-keyout", "ca-key.pem", "-out", "ca.pem"],
  );
  await openssl(
    ...["req", "-x509", ...key, "-days", "2", "-subj", "/CN=registry"],
    ...["-addext", `subjectAltName=IP:${REGISTRY}`, "-CA", "ca.pem", "-CAkey", "ca-key.pem"],
    ...["-keyout", "registry-key.pem", "-out", "registry.pem"],
  );
  const password = randomBytes(18).toString("hex");
  writeFileSync(file("password"), password, { mode: 0o600 });
  const salt = randomBytes(11).toString("hex");
  const script = "print 'stack:' . crypt($ENV{PASSWORD}, '$2y$05$' . $ENV{SALT})";
  const { stdout } = await run("docker", [
    ...["run", "--rm", "--env", `PASSWORD=${password}`, "--env", `SALT=${salt}`],
    ...[images.registry, "perl", "-e", script],
  ]);
  writeFileSync(file("htpasswd"), `${stdout}\n`);
  const name = containerOf("registry");
  await docker(
    ...["create", "--name", name, ...label, "--network", network, "--ip", REGISTRY],
    images.registry,
  );
  for (const part of ["htpasswd", "registry.pem", "registry-key.pem"]) {
    await docker("cp", file(part), `${name}:/etc/registry/${part}`);
  }
  await docker("start", name);
  mkdirSync(trusted, { recursive: true });
  writeFileSync(join(trusted, "ca.crt"), read("ca.pem"));
}

/** Runs a command on a host, not by ssh. */
export const inHost = (name: string, ...command: string[]): Promise<string> =>
  docker("exec", containerOf(name), ...command);

/** Whether a TCP port is open, as a container on the hosts' network that is none of them sees it. */
export async function isOpenFromOutside(address: string, port: number): Promise<boolean> {
  const connect = `timeout 3 bash -c '</dev/tcp/${address}/${port}' && echo open || echo closed`;
  const answer = await docker("exec", containerOf("registry"), "sh", "-c", `{ ${connect}; } 2>&1`);
  return answer.endsWith("open");
}

/** The settings of the stack, secrets apart. */
export const settings = (): string => `config:
  swarm:registry:
    address: ${registryAddress}
    username: ${username}
    ca: |
${read("ca.pem").replace(/^/gm, "      ").trimEnd()}
  swarm:hosts:
${hosts
  .map(
    ({ name, role, address }) =>
      `    - role: ${role}\n      address: ${address}\n      hostKey: ${publicKey(name)}\n` +
      (name === "worker-2" ? "      labels: { disk: fast }\n" : ""),
  )
  .join("")}`;

export const sshAnswers = (address: string): Promise<true> =>
  eventually("ssh", { withinMs: 30_000 }, async () =>
    (await isOpenFromOutside(address, 22)) ? true : undefined,
  );
