import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { registryAddress } from "./addresses";
import type { RegistryConfig, StackConfig } from "./config";
import { HostContainer } from "./container";
import type { Host } from "./host";
import { BuiltImage } from "./image";

/** Where images go and where machines get them: the same registry under two addresses. */
export interface Registry {
  /** `host:port` that the host's engine pushes to. */
  readonly pushAddress: pulumi.Input<string>;
  /** `host:port` that machines pull from. */
  readonly pullAddress: pulumi.Input<string>;
  /** Who may push and pull, where not everyone may. */
  readonly login?: RegistryLogin | undefined;
}

export interface RegistryLogin {
  /** `host:port`. */
  readonly server: string;
  readonly username: string;
  /** A secret. */
  readonly password: pulumi.Output<string>;
}

export interface EmbeddedRegistryArgs {
  readonly config: StackConfig;
  readonly host: Host;
  readonly engine: docker.Provider;
  readonly network: docker.Network;
}

/** The registry's port on the machines' network; machines are told of it before they exist. */
const PORT = 5000;

/** `host:port` that the machines of a stack pull from. */
export const embeddedPullAddress = (config: StackConfig): string =>
  `${registryAddress(config.subnet)}:${PORT}`;

/**
 * A registry of the stack's own, in a container beside the machines. It is pushed to on loopback and
 * pulled from on the machines' network, in plain HTTP: references carry digests, which prove content.
 */
export class EmbeddedRegistry extends pulumi.ComponentResource implements Registry {
  public readonly pushAddress: pulumi.Output<string>;
  public readonly pullAddress: string;

  constructor(name: string, args: EmbeddedRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:registry:EmbeddedRegistry", name, {}, opts);
    const { config, engine } = args;

    const image = new BuiltImage(
      `${name}-image`,
      {
        context: "infra/images/registry",
        repository: "swarm-registry",
        tag: config.stack,
        engine,
        platform: args.host.platform,
      },
      { parent: this },
    );
    const volume = new docker.Volume(
      `${name}-data`,
      {
        name: `${config.prefix}-registry`,
        labels: [{ label: "swarm.stack", value: config.stack }],
      },
      { parent: this, provider: engine, protect: config.protect },
    );
    const container = new HostContainer(
      name,
      {
        host: args.host,
        containerName: `${config.prefix}-registry`,
        stack: config.stack,
        image: image.reference,
        network: args.network.name,
        address: registryAddress(config.subnet),
        memory: 256,
        after: [image, volume],
        options: [
          ...["--publish", `127.0.0.1:${config.ports.registry}:${PORT}`],
          ...["--volume", `${config.prefix}-registry:/var/lib/registry`],
        ],
        ready: ["bash", "-c", `</dev/tcp/127.0.0.1/${PORT}`],
      },
      { parent: this },
    );

    // Known only once the registry answers, so that no image is pushed before.
    this.pushAddress = container.containerName.apply(() => `127.0.0.1:${config.ports.registry}`);
    this.pullAddress = embeddedPullAddress(config);
    this.registerOutputs({ pushAddress: this.pushAddress, pullAddress: this.pullAddress });
  }
}

/** A registry that is there already, reached by HTTPS and under one address by this computer and the machines. */
export class ExternalRegistry extends pulumi.ComponentResource implements Registry {
  public readonly pushAddress: string;
  public readonly pullAddress: string;
  public readonly login: RegistryLogin | undefined;

  constructor(name: string, args: RegistryConfig, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:registry:ExternalRegistry", name, {}, opts);
    // A path there is part of each image's repository.
    const [server = ""] = args.address.split("/");
    this.pushAddress = args.address;
    this.pullAddress = server;
    this.login = args.login && { server, ...args.login };
    this.registerOutputs({ pushAddress: this.pushAddress, pullAddress: this.pullAddress });
  }
}
