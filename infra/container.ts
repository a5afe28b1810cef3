import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Host, hostEngine } from "./host";

/** A file inside a container. `content` may be secret. */
export interface ContainerFile {
  readonly path: string;
  /** Octal, such as "0644". */
  readonly mode: string;
  readonly content: pulumi.Input<string>;
}

export interface HostContainerArgs {
  readonly host: Host;
  /** The container's name on the host's engine. */
  readonly containerName: string;
  /** The stack that the container is labelled with. */
  readonly stack: string;
  /** An image that the host's engine has. */
  readonly image: pulumi.Input<string>;
  /** The bridge network that it is on, by name. */
  readonly network: pulumi.Input<string>;
  /** Its fixed address there: after a restart of the engine another would be a stranger's. */
  readonly address: string;
  /** Limit in MiB. */
  readonly memory: number;
  /** What must be there before it is made. A component's own dependsOn does not reach its children. */
  readonly after: readonly pulumi.Resource[];
  /** More arguments of `docker create`. */
  readonly options?: readonly string[];
  readonly command?: readonly string[];
  readonly files?: readonly ContainerFile[];
  /** A command inside that succeeds when the container is ready. */
  readonly ready: readonly string[];
  /** Containers with the same turn are replaced one after another. */
  readonly turn?: string;
}

/**
 * A container of the host's engine, kept by a command: a machine, the edge or the registry. One that
 * vanished or stopped shows as an update in `preview`, and `up` brings it back.
 */
export class HostContainer extends pulumi.ComponentResource {
  /** The container's name, known once it is ready. */
  public readonly containerName: pulumi.Output<string>;

  constructor(name: string, args: HostContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:host:Container", name, {}, opts);

    const container = new local.Command(
      `${name}-container`,
      {
        create: "bash scripts/host/container.sh ensure",
        update: "bash scripts/host/container.sh ensure",
        delete: "bash scripts/host/container.sh remove",
        environment: {
          ENGINE: hostEngine,
          NAME: args.containerName,
          IMAGE: args.image,
          OPTIONS: pulumi
            .output(args.network)
            .apply((network) => createOptions(args, network).join("\n")),
          COMMAND: (args.command ?? []).join("\n"),
          READY: args.ready.join("\n"),
          TURN: args.turn ?? "",
          GENERATION: args.host.generation(args.containerName),
        },
        stdin: describeFiles(args.files ?? []),
      },
      { parent: this, dependsOn: [...args.after] },
    );

    this.containerName = container.stdout;
    this.registerOutputs({ containerName: this.containerName });
  }
}

function createOptions(args: HostContainerArgs, network: string): string[] {
  return [
    ...["--label", `swarm.stack=${args.stack}`],
    ...["--network", network, "--ip", args.address],
    ...["--memory", `${args.memory}m`],
    ...["--restart", "unless-stopped"],
    ...["--log-opt", "max-size=10m", "--log-opt", "max-file=3"],
    ...(args.options ?? []),
  ];
}

/** One line a file, as `scripts/host/container.sh` reads them. */
function describeFiles(files: readonly ContainerFile[]): pulumi.Output<string> {
  return pulumi
    .all(files.map((file) => file.content))
    .apply((contents) =>
      files
        .map(
          ({ mode, path }, i) =>
            `${mode} ${path} ${Buffer.from(contents[i] ?? "").toString("base64")}`,
        )
        .join("\n"),
    );
}
