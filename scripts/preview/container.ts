/** A container of this computer's engine in words: a machine, the edge or the registry. */
import { at, type Change, isUnknown, type State, textAt } from "./plan";
import { differences, type Facet, inventory } from "./words";

const COMMAND = "command:local:Command";

/** What looks after a container (`infra/container.ts`). */
export const isContainer = ({ type, within }: Change): boolean =>
  type === COMMAND && within.at(-1) === "swarm:host:Container";

/** What looks after a machine's place in the swarm (`infra/swarm.ts`). */
export const isMembership = ({ type, within, before, after }: Change): boolean =>
  type === COMMAND &&
  within.at(-1) === "swarm:swarm:Swarm" &&
  at(after ?? before, "environment.ROLE") !== undefined;

/** Whether the container is a machine. */
export const isMachine = ({ before, after }: Change): boolean =>
  roleOf(after ?? before) !== undefined;

/** A machine by its name in the swarm, another container by that on the engine. */
export function containerName(change: Change): string {
  const state = change.after ?? change.before;
  return optionsOf(state)["--hostname"] ?? environment(state, "NAME");
}

/** What the container is, or how that differs. */
export function describeContainer(change: Change): string[] {
  const { verb, before, after, differing } = change;
  if (!before || !after || verb === "create") {
    return verb === "delete" ? [] : inventory(BASICS, (after ?? before) as State);
  }
  const found = differences(FACETS, before, after);
  const files = differing.includes("stdin") || at(before, "stdin") !== at(after, "stdin");
  return files ? [...found, "its files changed"] : found;
}

/** Whether the container does not run, and is brought back as it was. */
export const isMissing = ({ before, after }: Change): boolean =>
  before !== undefined &&
  after !== undefined &&
  environment(before, "GENERATION") !== environment(after, "GENERATION");

/** How a machine's role and labels in the swarm differ. */
export const describeMembership = ({ before, after }: Change): string[] =>
  before && after ? differences(MEMBERSHIP, before, after) : [];

/** Whether the swarm does not list the machine as it did when its place was last looked after. */
export const isOutOfPlace = ({ before, after }: Change): boolean =>
  environment(before, "MEMBERSHIP") !== "" &&
  environment(before, "MEMBERSHIP") !== environment(after, "MEMBERSHIP");

export const memberName = ({ before, after }: Change): string =>
  environment(after ?? before, "NAME");

/** The ports of this computer that the container opens, a line each. */
export const openPorts = (state: State | undefined): string[] =>
  Object.keys(optionsOf(state))
    .filter((option) => option.startsWith("--publish "))
    .map((option) => {
      const parts = option.slice("--publish ".length).split(":");
      const target = parts.pop() ?? "";
      return `${environment(state, "NAME")}: ${parts.join(":")} of this computer → ${target}`;
    });

/** What is told of a new one. */
const BASICS: readonly Facet<State>[] = [
  { title: "role", open: true, read: (state) => single(roleOf(state)) },
  { title: "address", open: true, read: (state) => single(optionsOf(state)["--ip"]) },
  { title: "memory", open: true, read: (state) => single(memoryOf(state)) },
  { title: "image", open: true, read: (state) => single(imageOf(state)) },
];

const FACETS: readonly Facet<State>[] = [
  ...BASICS,
  { title: "options", read: otherOptions },
  { title: "command", read: (state) => single(environment(state, "COMMAND") || undefined) },
  { title: "readiness check", read: (state) => ({ "": environment(state, "READY") }) },
];

const MEMBERSHIP: readonly Facet<State>[] = [
  { title: "role", open: true, read: (state) => ({ "": environment(state, "ROLE") }) },
  { title: "node labels", read: nodeLabels },
];

function nodeLabels(state: State): Record<string, string> {
  const lines = environment(state, "LABELS").split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line, ""]));
}

const single = (value: string | undefined): Record<string, string> =>
  value === undefined ? {} : { "": value };

const environment = (state: State | undefined, name: string): string =>
  textAt(state, `environment.${name}`);

const roleOf = (state: State | undefined): string | undefined =>
  Object.keys(optionsOf(state))
    .find((option) => option.startsWith("--label swarm.role="))
    ?.slice("--label swarm.role=".length);

const memoryOf = (state: State): string | undefined =>
  optionsOf(state)["--memory"]?.replace(/^(\d+)m$/, "$1 MiB");

const imageOf = (state: State): string | undefined =>
  isUnknown(at(state, "environment.IMAGE"))
    ? "built by this change"
    : environment(state, "IMAGE").replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1…");

/** Options that may stand more than once. */
const REPEATED = new Set(["--label", "--publish", "--volume", "--log-opt", "--env"]);

/** The arguments of `docker create`, one a line: those that stand once by their flag, the others as a whole. */
function optionsOf(state: State | undefined): Record<string, string> {
  const lines = environment(state, "OPTIONS").split("\n").filter(Boolean);
  const found: Record<string, string> = {};
  for (let i = 0; i < lines.length; i++) {
    const flag = lines[i] as string;
    const next = lines[i + 1];
    const value = next === undefined || next.startsWith("--") ? "" : next;
    if (value !== "") i++;
    if (REPEATED.has(flag)) found[`${flag} ${value}`] = "";
    else found[flag] = value;
  }
  return found;
}

/** What no facet of its own, and no port, tells. */
function otherOptions(state: State): Record<string, string> {
  const told = /^--(ip|memory|hostname|publish .*|label swarm\.(role|stack)=.*)$/;
  return Object.fromEntries(Object.entries(optionsOf(state)).filter(([flag]) => !told.test(flag)));
}
