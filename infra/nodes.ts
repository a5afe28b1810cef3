/**
 * What the swarm lists before anything is changed. Commands have no Read, so this is how a node that was removed by hand, or
 * whose role or labels were changed, is seen by `preview`.
 */
import { local } from "@pulumi/command";
import { hostEngine } from "./host";

/** A machine's place in the swarm. */
export interface Membership {
  /** The machine's, and its node's. */
  readonly name: string;
  readonly role: "manager" | "worker";
  /** Node labels. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface SeenNodes {
  /**
   * A value that changes when a place has to be looked after: a node with that role and those labels carries it as a
   * label of its own. Whether it is drained is for a person to decide, and so are further labels.
   */
  generation(wanted: Membership): string;
}

/** The label of a node that says when its place was last looked after; `scripts/machines/member.sh` sets it. */
const GENERATION = "swarm.generation";

/** Asks a manager of the stack. Where none answers, every place has to be looked after. */
export async function lookAtNodes(stack: string): Promise<SeenNodes> {
  const { stdout } = await local.run({
    command: "bash scripts/machines/nodes.sh",
    environment: { STACK: stack, ENGINE: hostEngine },
    logging: "none",
  });
  return compare(parseNodes(stdout));
}

/** Of a swarm that nobody can look at, or that is not there yet. */
export const unseenNodes = (): SeenNodes => compare([]);

/** Reads what `scripts/machines/nodes.sh` prints. */
export const parseNodes = (text: string): Membership[] =>
  text
    .split("\n")
    .map((line) => line.split("\t"))
    .filter(([kind]) => kind === "node")
    .map(([, name = "", role, ...labels]) => ({
      name,
      role: role === "manager" ? role : "worker",
      labels: Object.fromEntries(
        labels.map((label) => {
          const [, key = "", value = ""] = /^([^=]*)=?(.*)$/.exec(label) ?? [];
          return [key, value];
        }),
      ),
    }));

function compare(listed: readonly Membership[]): SeenNodes {
  const fresh = Date.now().toString(36);
  return {
    generation: ({ name, role, labels }) =>
      listed.find(
        (node) =>
          node.name === name &&
          node.role === role &&
          Object.entries(labels).every(([key, value]) => node.labels[key] === value),
      )?.labels[GENERATION] ?? fresh,
  };
}
