import { local } from "@pulumi/command";
import type { HostPlatform } from "../host";
import { type HostConfig, hostName, UNREADABLE } from "../hosts";
import { refusal } from "../refusal";
import { writeAccess } from "./access";

/** What a look at the hosts tells. */
export interface SeenHosts {
  /** A value that changes when the host of that name has to be set up again: it keeps the one that it was set up with. */
  generation(name: string): string;
}

/**
 * Looks at the hosts before anything is changed, as commands have no Read: one that was installed anew, or left the
 * swarm, is seen by `preview`. One that does not answer is waited for by `up`.
 * @throws pulumi.RunError where a host shows another key, lets nobody in, or is another stack's or machine's
 */
export async function lookAtHosts(
  stack: string,
  hosts: readonly HostConfig[],
  key: string | undefined,
  platform: HostPlatform,
): Promise<SeenHosts> {
  const fresh = Date.now().toString(36);
  writeAccess({ stack, hosts, key });
  // A preview of the program alone has no key, and there is nothing yet to be seen.
  if (key === UNREADABLE) return { generation: () => fresh };
  const { stdout } = await local.run({
    command: "bash scripts/machines/look.sh",
    environment: { STACK: stack },
    logging: "none",
  });
  const seen = parseHosts(stdout);
  const obstacle = findObstacle(stack, hosts, platform, seen);
  if (obstacle) throw refusal(obstacle);
  return { generation: (name) => seen.hosts.get(name)?.generation ?? fresh };
}

interface SeenHost {
  /** As `uname -m` has it. */
  readonly machine: string;
  /** The stack and the name that it was set up for. */
  readonly stack?: string;
  readonly name?: string;
  /** Undefined where it is not set up, or no longer in a swarm. */
  readonly generation?: string;
}

export interface HostsReport {
  readonly hosts: ReadonlyMap<string, SeenHost>;
  readonly refused: readonly string[];
}

/** What engines of hosts in a swarm answer; one that is busy said nothing in time. */
const MEMBERS: ReadonlySet<string | undefined> = new Set(["active", "busy"]);

/** Reads what `scripts/machines/look.sh` prints. */
export function parseHosts(text: string): HostsReport {
  const rows = text.split("\n").map((line) => line.split("\t"));
  const hosts = rows
    .filter(([kind]) => kind === "host")
    .map(([, host = "", machine = "", state, stack, name, generation]): [string, SeenHost] => [
      host,
      { machine, stack, name, generation: MEMBERS.has(state) ? generation : undefined },
    ]);
  return {
    hosts: new Map(hosts),
    refused: rows.flatMap(([kind, why = ""]) => (kind === "refused" ? [why] : [])),
  };
}

/** What the kernel calls the architectures that Docker has other names for. */
const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** What is in the way of hosts that answered, as sentences that name the key and the remedy. */
export function findObstacle(
  stack: string,
  hosts: readonly HostConfig[],
  platform: HostPlatform,
  seen: HostsReport,
): string | undefined {
  const obstacles = hosts.flatMap((host, i) => {
    const found = seen.hosts.get(hostName(host));
    if (!found) return [];
    const architecture = architectures[found.machine] ?? found.machine;
    if (architecture !== platform.architecture) {
      return [
        `hosts[${i}].address: ${host.address} is ${architecture}, and images are built for ${platform.architecture}, ` +
          `which this computer is. Run this on a computer like the hosts.`,
      ];
    }
    if (found.stack !== undefined && found.stack !== stack) {
      return [
        `hosts[${i}].address: ${host.address} is ${found.name} of the stack ${found.stack}. Take it out of that one ` +
          `first, or remove /etc/swarm-system/machine there if that stack is no more.`,
      ];
    }
    if (found.name !== undefined && found.name !== hostName(host)) {
      const number = found.name.replace(/^.*-/, "");
      return [
        `hosts[${i}].number: ${host.address} is ${found.name}, and would become ${hostName(host)}. Keep its name with ` +
          `"pulumi config set --path 'hosts[${i}].number' ${number}", or take it out, run this, and add it again.`,
      ];
    }
    return [];
  });
  const all = [...seen.refused, ...obstacles];
  return all.length > 0 ? all.join("\n  ") : undefined;
}
