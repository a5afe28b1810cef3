import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { overlayAddressPool } from "./addresses";
import type { ControlArgs } from "./ground";
import { hostEngine } from "./host";
import type { Machine } from "./machines";
import type { Membership, SeenNodes } from "./nodes";
import type { Registry } from "./registry";

export interface SwarmArgs {
  readonly stack: string;
  /** All machines, managers first; the first manager makes the swarm. */
  readonly machines: readonly Machine[];
  /** Node labels that tiers ask for, by machine, beside those of its role. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the swarm lists now. */
  readonly nodes: SeenNodes;
  /** What goes only when the whole stack goes: with it, no machine has to leave the swarm in order. */
  readonly deletedWith: pulumi.Resource;
}

/**
 * The swarm: made once on the first manager, then one membership a machine. Managers join and leave
 * one after another, so that a change never costs the quorum; workers do so side by side.
 */
export class Swarm extends pulumi.ComponentResource {
  /** The swarm's id, known once its first manager has made it. */
  public readonly clusterId: pulumi.Output<string>;

  constructor(name: string, args: SwarmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:swarm:Swarm", name, {}, opts);
    const managers = args.machines.filter((machine) => machine.role === "manager");
    const [first] = managers;
    if (!first) throw new Error("a swarm needs at least one manager");

    const init = new local.Command(
      `${name}-init`,
      {
        create: "bash scripts/machines/swarm-init.sh",
        update: "true",
        environment: {
          ...surroundings(args, first),
          POOL: overlayAddressPool.base,
          MASK_LENGTH: String(overlayAddressPool.maskLength),
        },
      },
      // Once made, a swarm is never made again, whatever becomes of its machines.
      { parent: this, ignoreChanges: ["*"], deletedWith: args.deletedWith },
    );

    let lastManager: pulumi.Resource = init;
    for (const machine of args.machines) {
      const membership = membershipOf(machine, args.labels?.[machine.name]);
      const member = new local.Command(
        `${name}-${machine.name}`,
        {
          create: "bash scripts/machines/member.sh ensure",
          update: "bash scripts/machines/member.sh ensure",
          delete: "bash scripts/machines/member.sh leave",
          environment: {
            ...surroundings(args, machine),
            ROLE: membership.role,
            LABELS: Object.entries(membership.labels)
              .map(([key, value]) => `${key}=${value}`)
              .join("\n"),
            CLUSTER: init.stdout,
            GENERATION: machine.generation,
            MEMBERSHIP: args.nodes.generation(membership),
          },
        },
        {
          parent: this,
          dependsOn: [machine.resource, machine.role === "manager" ? lastManager : init],
          deletedWith: args.deletedWith,
          // One that is made has it; another keeps what it had, and the next look tells.
          ignoreChanges: args.nodes.areKnown ? [] : ["environment.MEMBERSHIP"],
        },
      );
      if (machine.role === "manager") lastManager = member;
    }

    this.clusterId = init.stdout;
    this.registerOutputs({ clusterId: this.clusterId });
  }
}

/**
 * The provider of what is on the swarm: its engine API, by a manager that lives. As long as that is not reached, or
 * there is no swarm, its address is unknown, so that a preview does not call it.
 */
export const swarmProvider = (
  swarm: Swarm,
  control: ControlArgs,
  { login }: Pick<Registry, "login">,
): docker.Provider =>
  new docker.Provider(
    "swarm",
    {
      ...control,
      host: pulumi.all([control.host, swarm.clusterId]).apply(([host]) => host),
      // With it, the machines may pull.
      registryAuth: login && [
        { address: login.server, username: login.username, password: login.password },
      ],
    },
    { dependsOn: swarm },
  );

const membershipOf = (machine: Machine, labels: Membership["labels"] = {}): Membership => ({
  name: machine.name,
  role: machine.role === "manager" ? "manager" : "worker",
  labels: { ...machine.labels, ...labels },
});

/** What every script of `scripts/machines/` asks for. */
const surroundings = (args: SwarmArgs, machine: Machine) => ({
  STACK: args.stack,
  ENGINE: hostEngine,
  NAME: machine.name,
  SHELL_PREFIX: machine.shell,
  ADDRESS: machine.address,
});
