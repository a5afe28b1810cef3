import { machineName } from "../addresses";
import type { StackConfig } from "../config";
import type { Host } from "../host";
import { refusal } from "../refusal";

/** The node label that binds a member to its node: its number. */
export const MEMBER_LABEL = "mongo-store";
/** The node label of the manager that has the keeper's record. */
export const KEEPER_LABEL = "mongo-keeper";

/**
 * Node labels, by machine. A member belongs to the worker of its number, and a machine keeps its name, so a member stays
 * where its volume is.
 */
export function storeLabels(members: number): Record<string, Record<string, string>> {
  const bound = Array.from({ length: members }, (_, i): [string, Record<string, string>] => [
    machineName("worker", i + 1),
    { [MEMBER_LABEL]: String(i + 1) },
  ]);
  return { [machineName("manager", 1)]: { [KEEPER_LABEL]: "true" }, ...Object.fromEntries(bound) };
}

/** The image that the members run, under its official name. */
export const storeImage = ({ store }: StackConfig): string => `mongo:${store.tag}`;

/**
 * How many members there are: one where the image is a stand-in, which does not replicate.
 * @throws pulumi.RunError when there are not enough workers for as many as were asked for
 */
export function storeMembers(config: StackConfig, { standIns }: Pick<Host, "standIns">): number {
  const members = storeImage(config) in standIns ? 1 : config.store.members;
  const workers = config.machines.worker;
  if (members > workers) {
    throw refusal(
      `mongoMembers must be at most the number of workers (${workers}), as each has a worker of its own; ` +
        `got ${members}. Lower it or raise "workers".`,
    );
  }
  // Those that have the labels: with hosts, numbers may be left out.
  const missing = Object.keys(storeLabels(members)).find((name) => !config.names.includes(name));
  if (missing !== undefined) {
    throw refusal(
      `hosts: the store needs a machine "${missing}", and there is none. Give one that number with ` +
        `"pulumi config set --path hosts[…].number", or lower "mongoMembers".`,
    );
  }
  return members;
}
