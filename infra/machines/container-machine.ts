import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { machineAddressPool, type Role } from "../addresses";
import { type ContainerFile, HostContainer } from "../container";
import type { Host } from "../host";
import type { BuiltImage } from "../image";
import type { Pki } from "../pki";
import { type Machine, roleLabels, STORE_FOLDER } from "./machine";

export interface ContainerMachineArgs {
  readonly host: Host;
  readonly stack: string;
  /** The prefix of names on the host's engine. */
  readonly prefix: string;
  readonly role: Role;
  readonly address: string;
  /** Limit in MiB of the machine and everything that runs on it. */
  readonly memory: number;
  /** Whether the data of a store on it outlives the stack. */
  readonly keepData: boolean;
  /** Whether its volumes may not be deleted or replaced. */
  readonly protect: boolean;
  readonly network: docker.Network;
  readonly engine: docker.Provider;
  readonly image: BuiltImage;
  readonly pki: Pki;
  /** `host:port` of the registry that the machine pulls from in plain HTTP. */
  readonly registry: string;
}

/** What a machine's containers get to stop well, and its engine after them. */
const STOP_SECONDS = 60;

/** The engine answers and, if it is a manager of a swarm, has a leader again. */
const READY = `docker version && {
  [ "$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')" != 'active true' ] ||
  docker node ls; }`.replace(/\n\s*/g, " ");

/**
 * A machine that is a privileged container with an engine of its own. The engine's state is a
 * volume, so that a container made anew is the same node of the swarm, under the same address.
 */
export class ContainerMachine extends pulumi.ComponentResource implements Machine {
  public readonly name: string;
  public readonly role: Role;
  public readonly address: string;
  public readonly labels: Readonly<Record<string, string>>;
  public readonly shell: pulumi.Output<string>;
  public readonly generation: string;
  public readonly resource: pulumi.Resource = this;

  constructor(name: string, args: ContainerMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:machines:ContainerMachine", name, {}, opts);
    const fullName = `${args.prefix}-${name}`;

    const volume = new docker.Volume(
      `${name}-state`,
      { name: fullName, labels: [{ label: "swarm.stack", value: args.stack }] },
      { parent: this, provider: args.engine, protect: args.protect },
    );
    // Beside the engine's own state, so that it can be kept without that.
    const data =
      args.role === "worker"
        ? new docker.Volume(
            `${name}-data`,
            { name: `${fullName}-data`, labels: [{ label: "swarm.stack", value: args.stack }] },
            {
              parent: this,
              provider: args.engine,
              protect: args.protect,
              retainOnDelete: args.keepData,
            },
          )
        : undefined;
    const container = new HostContainer(
      name,
      {
        host: args.host,
        containerName: fullName,
        stack: args.stack,
        image: args.image.reference,
        network: args.network.name,
        address: args.address,
        memory: args.memory,
        after: [volume, ...(data ? [data] : []), args.image],
        options: [
          ...["--hostname", name],
          ...["--label", `swarm.role=${args.role}`],
          // With the engine's process numbers gone, a second start finds no stale pid file.
          ...["--privileged", "--init", "--tmpfs", "/run"],
          ...["--stop-timeout", String(STOP_SECONDS)],
          ...["--volume", `${fullName}:/var/lib/docker`],
          ...(data ? ["--volume", `${fullName}-data:${STORE_FOLDER}`] : []),
        ],
        files: [
          { path: "/etc/docker/daemon.json", mode: "0644", content: engineConfig(args) },
          ...(args.role === "manager" ? apiFiles(args.pki) : []),
        ],
        ready: ["sh", "-c", READY],
        turn: `${args.prefix}-${args.role}`,
      },
      { parent: this },
    );

    this.name = name;
    this.role = args.role;
    this.address = args.address;
    this.labels = roleLabels(args.role);
    this.shell = container.containerName.apply((name) => `docker exec -i ${name}`);
    this.generation = args.host.generation(fullName);
    this.registerOutputs({ shell: this.shell });
  }
}

/** What an engine shows, and asks for, where its API is listened for. */
const apiFiles = ({ authority, engine }: Pki): ContainerFile[] => [
  { path: "/etc/docker/pki/ca.pem", mode: "0644", content: authority },
  { path: "/etc/docker/pki/engine.pem", mode: "0644", content: engine.certificate },
  { path: "/etc/docker/pki/engine-key.pem", mode: "0600", content: engine.key },
];

/** The engine's `daemon.json`. Only a manager's API is listened for, with mutual TLS. */
function engineConfig(args: ContainerMachineArgs): string {
  const api = {
    hosts: ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"],
    tlsverify: true,
    tlscacert: "/etc/docker/pki/ca.pem",
    tlscert: "/etc/docker/pki/engine.pem",
    tlskey: "/etc/docker/pki/engine-key.pem",
  };
  return JSON.stringify(
    {
      ...(args.role === "manager" ? api : {}),
      "default-address-pools": [machineAddressPool],
      "insecure-registries": [args.registry],
      "shutdown-timeout": STOP_SECONDS - 5,
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3" },
    },
    null,
    2,
  );
}
