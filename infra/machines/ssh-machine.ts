import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { machineAddressPool, type Role } from "../addresses";
import type { HostsConfig } from "../config";
import { type HostConfig, hostName } from "../hosts";
import { hostShell } from "./access";
import { type Machine, roleLabels, STORE_FOLDER } from "./machine";

export interface SshMachineArgs {
  readonly stack: string;
  readonly host: HostConfig;
  readonly hosts: HostsConfig;
  /** Ports besides HTTP and HTTPS that clients reach on managers. */
  readonly tcpPorts: readonly number[];
  /** Whether the data of a store on it outlives the stack. */
  readonly keepData: boolean;
  /** Whether it may not be given up: with it goes data. */
  readonly protect: boolean;
  /** See {@link SeenHosts.generation}. */
  readonly generation: string;
}

/**
 * A machine that is a server, reached by ssh. Its key is checked, Docker is installed and set, and what is not
 * needed from outside is closed. When it is given up, it is what it was, but for Docker's packages.
 */
export class SshMachine extends pulumi.ComponentResource implements Machine {
  public readonly name: string;
  public readonly role: Role;
  public readonly address: string;
  public readonly labels: Readonly<Record<string, string>>;
  public readonly shell: pulumi.Output<string>;
  public readonly generation: string;
  public readonly resource: pulumi.Resource = this;

  constructor(name: string, args: SshMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:machines:SshMachine", name, {}, opts);
    const { host, hosts } = args;
    const shell = hostShell(args.stack, host);

    const command = new local.Command(
      `${name}-host`,
      {
        create: "bash scripts/machines/host.sh ensure",
        update: "bash scripts/machines/host.sh ensure",
        delete: "bash scripts/machines/host.sh release",
        environment: {
          STACK: args.stack,
          NAME: name,
          SHELL_PREFIX: shell,
          LOGIN: host.user,
          DOCKER_REPOSITORY: hosts.dockerRepository ?? "",
          DOCKER_VERSION: hosts.dockerVersion ?? "",
          DAEMON: engineConfig(hosts.mirrors),
          FIREWALL: renderFirewall(host, hosts.all, args.tcpPorts),
          REGISTRY: hosts.registry.address,
          AUTHORITY: hosts.registry.authority ?? "",
          STORE: host.role === "worker" ? STORE_FOLDER : "",
          KEEP_DATA: String(args.keepData),
          TURN: `${args.stack}-${host.role}`,
          GENERATION: args.generation,
        },
      },
      { parent: this, protect: args.protect },
    );

    this.name = hostName(host);
    this.role = host.role;
    this.address = host.address;
    this.labels = { ...host.labels, ...roleLabels(host.role) };
    this.shell = command.stdout.apply(() => shell);
    this.generation = args.generation;
    this.registerOutputs({ shell: this.shell });
  }
}

/** The engine's `daemon.json`. Its API is listened for on its socket alone: ssh leads there. */
export const engineConfig = (mirrors: readonly string[]): string =>
  JSON.stringify(
    {
      "default-address-pools": [machineAddressPool],
      // A swarm excludes it.
      "live-restore": false,
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3" },
      "registry-mirrors": mirrors,
      "shutdown-timeout": 55,
    },
    null,
    2,
  );

/**
 * A table of nftables for what is meant for the host itself. Published ports of containers are forwarded, past it,
 * by Docker's own tables, which it leaves alone.
 */
export function renderFirewall(
  host: HostConfig,
  hosts: readonly HostConfig[],
  tcpPorts: readonly number[],
): string {
  const open = [...new Set([host.port, 80, 443, ...tcpPorts])].sort((a, b) => a - b);
  // The first line is for the second, which fails where there is no such table.
  return `table inet swarm_system
delete table inet swarm_system
table inet swarm_system {
  set hosts {
    type ipv4_addr
    elements = { ${hosts.map(({ address }) => address).join(", ")} }
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    udp dport { 68, 546 } accept comment "answers of DHCP"
    tcp dport { ${open.join(", ")} } accept
    ip saddr @hosts tcp dport { 2377, 7946 } accept
    ip saddr @hosts udp dport { 4789, 7946 } accept
    ip saddr @hosts meta l4proto esp accept comment "encrypted overlays"
  }
}
`;
}
