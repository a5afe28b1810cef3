/** What a swarm stands on: machines, a registry, a way in. Nothing above knows whether these are containers or servers. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { HostsConfig, StackConfig } from "./config";
import { Edge } from "./edge";
import type { Host } from "./host";
import { UNREADABLE } from "./hosts";
import { type Machine, Machines, SshMachines } from "./machines";
import { sshConfig } from "./machines/access";
import { lookAtHosts } from "./machines/look";
import { lookAtNodes, type SeenNodes, unseenNodes } from "./nodes";
import { Pki } from "./pki";
import { EmbeddedRegistry, embeddedPullAddress, ExternalRegistry, type Registry } from "./registry";
import { HostSite, Site } from "./site";

export interface Ground {
  /** The provider of this computer's engine, where images are built. */
  readonly engine: docker.Provider;
  /** Goes only when the whole stack goes. */
  readonly cluster: pulumi.Resource;
  readonly registry: Registry;
  /** Managers first. */
  readonly machines: readonly Machine[];
  /** What their swarm lists, as far as there is one. */
  readonly nodes: SeenNodes;
  /** How Docker's provider reaches a manager's engine. */
  readonly control: ControlArgs;
  /** Where clients find the proxies, without a slash at the end. */
  readonly httpUrl: pulumi.Input<string>;
  readonly httpsUrl: pulumi.Input<string>;
}

/** What the provider of the swarm is told; the host is known once it can be reached. */
export type ControlArgs = docker.ProviderArgs & { readonly host: pulumi.Input<string> };

/** The machines that the configuration asks for. @throws pulumi.RunError as {@link lookAtHosts} does. */
export const makeGround = (config: StackConfig, host: Host): Promise<Ground> =>
  config.hosts ? hostGround(config, config.hosts, host) : containerGround(config, host);

async function containerGround(config: StackConfig, host: Host): Promise<Ground> {
  const nodes = await lookAtNodes(config.stack);
  const { engine, network } = new Site("site", config);
  const here = { config, host, engine, network };
  const registry = new EmbeddedRegistry("registry", here);
  const pki = new Pki("pki", config);
  const { all } = new Machines("machines", { ...here, pki, registry: embeddedPullAddress(config) });
  const managers = all.filter((machine) => machine.role === "manager");
  const edge = new Edge("edge", { ...here, managers });
  return {
    engine,
    cluster: network,
    registry,
    machines: all,
    nodes,
    control: {
      host: edge.engineUrl,
      caMaterial: pki.authority,
      certMaterial: pki.client.certificate,
      keyMaterial: pki.client.key,
    },
    httpUrl: edge.httpUrl,
    httpsUrl: edge.httpsUrl,
  };
}

async function hostGround(config: StackConfig, hosts: HostsConfig, host: Host): Promise<Ground> {
  const seen = await lookAtHosts(config.stack, hosts.all, hosts.key, host.platform);
  const nodes = hosts.key === UNREADABLE ? unseenNodes() : await lookAtNodes(config.stack);
  const site = new HostSite("site");
  const registry = new ExternalRegistry("registry", hosts.registry);
  const { all } = new SshMachines("machines", { config, hosts, seen });
  return {
    engine: site.engine,
    cluster: site,
    registry,
    machines: all,
    nodes,
    control: { host: `ssh://${hosts.controlNode}`, sshOpts: ["-F", sshConfig(config.stack)] },
    httpUrl: hosts.publicUrl,
    httpsUrl: hosts.publicUrl.replace(/^http:/, "https:"),
  };
}
