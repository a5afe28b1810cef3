/**
 * What this computer needs to reach the hosts of a stack by ssh, as files: `.access/STACK/` in the project's
 * folder, and the private key in memory, which only its user can read. Scripts and Docker's client find it there.
 */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type HostConfig, hostName, UNREADABLE } from "../hosts";

export interface Access {
  readonly stack: string;
  readonly hosts: readonly HostConfig[];
  /** The private key; undefined for the agent's. */
  readonly key: string | undefined;
}

/** Relative to the project's folder, so that it is the same for everyone in the state. */
export const accessFolder = (stack: string): string => `.access/${stack}`;

/** What `ssh` is told with -F. */
export const sshConfig = (stack: string): string => `${accessFolder(stack)}/config`;

/** A prefix that runs a command on a host. It has all that tells which host that is, as the state has to know when the settings no longer do. */
export const hostShell = (stack: string, host: HostConfig): string =>
  [
    "bash scripts/machines/ssh.sh",
    stack,
    hostName(host),
    `${host.user}@${host.address}:${host.port}`,
    host.hostKey.replace(" ", ","),
  ].join(" ");

/** Where the key is: in memory, by the folder that it belongs to. */
const keyFile = (folder: string): string => {
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  return `/dev/shm/swarm-key-${process.getuid?.() ?? 0}-${name}`;
};

/** Writes the files, or removes those of a stack without hosts. */
export function writeAccess({ stack, hosts, key }: Access): void {
  const folder = resolve(accessFolder(stack));
  const file = keyFile(folder);
  if (hosts.length === 0) {
    for (const path of [folder, file]) rmSync(path, { recursive: true, force: true });
    return;
  }
  mkdirSync(`${folder}/known`, { recursive: true, mode: 0o700 });
  const hasKey = key !== undefined && key !== UNREADABLE;
  if (hasKey) replace(file, `${key.trimEnd()}\n`);
  else rmSync(file, { force: true });
  replace(`${folder}/config`, renderConfig(folder, hosts, hasKey ? file : undefined));
  replace(`${folder}/known_hosts`, hosts.map(knownHost).join(""));
  replace(`${folder}/machines`, hosts.map((host, i) => describe(stack, host, i)).join(""));
  // Where it is, for those who remove it when they are done.
  replace(`${folder}/key`, hasKey ? `${file}\n` : "");
}

/** Whole or not at all, as other commands may read it meanwhile, and readable by nobody else at any time. */
function replace(file: string, text: string): void {
  const part = `${file}.${process.pid}`;
  rmSync(part, { force: true });
  writeFileSync(part, text, { mode: 0o600, flag: "wx" });
  renameSync(part, file);
}

const knownHost = (host: HostConfig): string => `${hostName(host)} ${host.hostKey}\n`;

/** One line a host, as the scripts read it: name, role, place in the settings, shell. */
const describe = (stack: string, host: HostConfig, index: number): string =>
  `${hostName(host)} ${host.role} ${index} ${hostShell(stack, host)}\n`;

/** An `ssh_config`: what ssh on this computer is set to otherwise does not count. */
export function renderConfig(
  folder: string,
  hosts: readonly HostConfig[],
  key: string | undefined,
): string {
  const host = (one: HostConfig) => `Host ${hostName(one)}
  HostName ${one.address}
  User ${one.user}
  Port ${one.port}
  HostKeyAlias ${hostName(one)}
  HostKeyAlgorithms ${keyAlgorithms(one.hostKey)}

`;
  const identity = key === undefined ? "" : `  IdentityFile "${key}"\n  IdentitiesOnly yes\n`;
  return `${hosts.map(host).join("")}Host *
${identity}  UserKnownHostsFile "${folder}/known_hosts"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  BatchMode yes
  ConnectTimeout 10
  ServerAliveInterval 5
  ServerAliveCountMax 3
  LogLevel ERROR
`;
}

/** A host that has other keys too is to show this one. */
const keyAlgorithms = (hostKey: string): string => {
  const [type = ""] = hostKey.split(" ");
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
};
