import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { machineAddress, machineName, type Role } from "../addresses";
import type { HostsConfig, StackConfig } from "../config";
import type { Host } from "../host";
import { hostName } from "../hosts";
import { BuiltImage } from "../image";
import type { Pki } from "../pki";
import { ContainerMachine } from "./container-machine";
import type { SeenHosts } from "./look";
import type { Machine } from "./machine";
import { SshMachine } from "./ssh-machine";

export { type Machine, STORE_FOLDER } from "./machine";

export interface MachinesArgs {
  readonly config: StackConfig;
  readonly host: Host;
  readonly engine: docker.Provider;
  readonly network: docker.Network;
  readonly pki: Pki;
  /** `host:port` that machines pull images from. */
  readonly registry: string;
}

/** The machines of a stack: managers first, then workers and loggers. */
export class Machines extends pulumi.ComponentResource {
  public readonly all: readonly Machine[];

  constructor(name: string, args: MachinesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:machines:Machines", name, {}, opts);
    const { config } = args;

    const image = new BuiltImage(
      `${name}-image`,
      {
        context: "infra/images/machine",
        repository: "swarm-machine",
        platform: args.host.platform,
        tag: config.stack,
        engine: args.engine,
      },
      { parent: this },
    );
    const machine = ({ role, ordinal }: MachineName): Machine =>
      new ContainerMachine(
        machineName(role, ordinal),
        {
          ...args,
          stack: config.stack,
          prefix: config.prefix,
          role,
          address: machineAddress(config.subnet, role, ordinal),
          memory: config.memory[role],
          keepData: config.store.keepData,
          protect: config.protect,
          image,
        },
        { parent: this },
      );

    this.all = machineNames(config.machines).map(machine);
    this.registerOutputs();
  }
}

export interface SshMachinesArgs {
  readonly config: StackConfig;
  readonly hosts: HostsConfig;
  readonly seen: SeenHosts;
}

/** The same where the machines are servers. */
export class SshMachines extends pulumi.ComponentResource {
  public readonly all: readonly Machine[];

  constructor(name: string, args: SshMachinesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:machines:SshMachines", name, {}, opts);
    const { config, hosts, seen } = args;
    const machines = hosts.all.map(
      (host) =>
        new SshMachine(
          hostName(host),
          {
            ...{ host, hosts, stack: config.stack, protect: config.protect },
            tcpPorts: config.proxyTcpPorts,
            keepData: config.store.keepData,
            generation: seen.generation(hostName(host)),
          },
          { parent: this },
        ),
    );
    const isManager = ({ role }: Machine) => role === "manager";
    this.all = [
      ...machines.filter(isManager),
      ...machines.filter((machine) => !isManager(machine)),
    ];
    this.registerOutputs();
  }
}

interface MachineName {
  readonly role: Role;
  readonly ordinal: number;
}

/** `manager-1 … manager-3, worker-1 …, logger-1 …`: numbers start at 1 and never shift. */
export function machineNames(counts: Readonly<Record<Role, number>>): MachineName[] {
  const roles: readonly Role[] = ["manager", "worker", "logger"];
  return roles.flatMap((role) =>
    Array.from({ length: counts[role] }, (_, i) => ({ role, ordinal: i + 1 })),
  );
}
