import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config";
import type { Foundation } from "../foundation";
import { refusal } from "../refusal";
import type { Database } from "../store";
import { wrongDatabase } from "../store/names";
import { App, appMemory, type AppSpec } from "./app";

export interface AppsArgs {
  readonly apps: readonly AppSpec[];
  readonly foundation: Foundation;
  /** The databases of the store, by name. */
  readonly databases?: Readonly<Record<string, Database>>;
  /** Who takes their log lines; left out, nobody does. */
  readonly logHost?: string;
}

/** All apps of the stack. */
export class Apps extends pulumi.ComponentResource {
  constructor(name: string, args: AppsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:apps:Apps", name, {}, opts);
    for (const spec of args.apps) {
      new App(spec.name, { ...args, spec }, { parent: this });
    }
    this.registerOutputs();
  }
}

/** MiB that a worker's engine needs for itself. */
const ENGINE_MEMORY = 256;

/**
 * Refuses apps that cannot stand together, before any resource is made.
 * @throws pulumi.RunError that names the app and the remedy.
 */
export function checkApps(config: StackConfig, apps: readonly AppSpec[]): readonly AppSpec[] {
  for (const [i, app] of apps.entries()) {
    const before = apps.slice(0, i);
    if (before.some(({ name }) => name === app.name)) {
      throw refusal(`two apps are named "${app.name}": give each a name of its own`);
    }
    if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(app.path)) {
      throw refusal(`${app.name}: path must look like "/app1", got "${app.path}"`);
    }
    const wrong = app.database === undefined ? undefined : wrongDatabase(app.database);
    if (wrong)
      throw refusal(`${app.name}: database "${app.database}" ${wrong}. Give it another name.`);
    const rival = before.find((other) => other.path === app.path && shareDomain(other, app));
    if (rival) {
      throw refusal(
        `${app.name}: path "${app.path}" belongs to ${rival.name} already. Give one another path, or other domains.`,
      );
    }
  }
  const members = apps.some(({ database }) => database !== undefined) ? config.store.members : 0;
  const room =
    config.machines.worker * (config.memory.worker - ENGINE_MEMORY) -
    Math.min(members, config.machines.worker) * config.store.memory;
  const asked = apps.reduce(
    (sum, { replicas, memory }) => sum + replicas * (memory ?? appMemory).reservation,
    0,
  );
  if (asked > room) {
    const replicas = apps.map((app) => `${app.name} ${app.replicas}`).join(", ");
    throw refusal(
      `the workers cannot hold these replicas (${replicas}): they reserve ${asked} MiB of ${room} MiB that are left. ` +
        `Lower the replicas (app1Replicas), or raise "workers" or "workerMemory".`,
    );
  }
  return apps;
}

const shareDomain = (a: AppSpec, b: AppSpec): boolean =>
  !a.domains?.length || !b.domains?.length || a.domains.some((d) => b.domains?.includes(d));
