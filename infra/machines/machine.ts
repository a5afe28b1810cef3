import * as pulumi from "@pulumi/pulumi";
import type { Role } from "../addresses";

/** What every tier may ask of a machine, a container of this host or a server reached by ssh. */
export interface Machine {
  /** Its name in the swarm: `manager-1`. */
  readonly name: string;
  readonly role: Role;
  /** Where the other machines reach it. */
  readonly address: string;
  /** Node labels in the swarm. */
  readonly labels: Readonly<Record<string, string>>;
  /** A prefix that runs a command there, stdin passed on; known once the machine's engine answers. */
  readonly shell: pulumi.Output<string>;
  /** Changes when the machine was made or started again, and its membership must be looked after. */
  readonly generation: string;
  /** The resource that a dependent waits for. */
  readonly resource: pulumi.Resource;
}

/** The node labels of a role. */
export const roleLabels = (role: Role): Readonly<Record<string, string>> =>
  role === "logger" ? { logger: "true" } : {};

/** Where a worker has the data of a store: a folder of its own, so that it can outlive everything else there. */
export const STORE_FOLDER = "/srv/store";
