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
  /** Whether a manager was asked. Where none was, no place is known to be other than it should be. */
  readonly areKnown: boolean;
  /**
   * A value that changes when a place has to be looked after: a node that is not down and has that role and those labels
   * carries it as a label of its own. Whether it is drained is for a person to decide, and so are further labels.
   */
  generation(wanted: Membership): string;
}

/** A node as it is listed. */
export interface ListedNode extends Membership {
  /** Such as `ready` and `down`. */
  readonly state: string;
  /** When its place was last looked after; `scripts/machines/member.sh` sets that label. */
  readonly generation: string;
}

/** Asks a manager of the stack. */
export async function lookAtNodes(stack: string): Promise<SeenNodes> {
  const { stdout } = await local.run({
    command: "bash scripts/machines/nodes.sh",
    environment: { STACK: stack, ENGINE: hostEngine },
    logging: "none",
  });
  return compare(parseNodes(stdout));
}

/** Of a swarm that nobody can look at, or that is not there yet. */
export const unseenNodes = (): SeenNodes => compare(undefined);

/** Reads what `scripts/machines/nodes.sh` prints; undefined where no manager was asked. */
export function parseNodes(text: string): ListedNode[] | undefined {
  const rows = text.split("\n").map((line) => line.split("\t"));
  if (!rows.some(([kind]) => kind === "asked")) return undefined;
  return rows
    .filter(([kind]) => kind === "node")
    .map(([, name = "", role, state = "", generation = "", ...labels]) => ({
      ...{ name, state, generation },
      role: role === "manager" ? role : "worker",
      labels: Object.fromEntries(labels.map(keyAndValue)),
    }));
}

function keyAndValue(label: string): [string, string] {
  const [key = "", ...value] = label.split("=");
  return [key, value.join("=")];
}

function compare(listed: readonly ListedNode[] | undefined): SeenNodes {
  const fresh = Date.now().toString(36);
  return {
    areKnown: listed !== undefined,
    generation: ({ name, role, labels }) =>
      listed?.find(
        (node) =>
          node.name === name &&
          node.state !== "down" &&
          node.role === role &&
          Object.entries(labels).every(([key, value]) => node.labels[key] === value),
      )?.generation || fresh,
  };
}
