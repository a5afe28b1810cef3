/** What a preview says, as a page that a reviewer reads. */
import { isDeepStrictEqual } from "node:util";
import {
  containerName,
  describeContainer,
  describeMembership,
  isContainer,
  isMachine,
  isMembership,
  isMissing,
  isOutOfPlace,
  memberName,
  openPorts,
} from "./container";
import { describeHost, hostName, isHost } from "./host";
import {
  asFarAsKnown,
  at,
  type Change,
  changesOf,
  isUnasked,
  type Plan,
  type State,
  textAt,
  type Verb,
} from "./plan";
import {
  describeService,
  type Names,
  publishedPorts,
  routesOf,
  SERVICE,
  serviceName,
} from "./service";
import { code, codes, diffBlock, type Facet, differences, plural } from "./words";

const VOLUME = "docker:index/volume:Volume";
const NETWORK = "docker:index/network:Network";
const IMAGE = "docker:index/image:Image";
const SECRET = "docker:index/secret:Secret";

/** What a page is about. */
export interface Subject {
  readonly stack: string;
  /** Why the stack was not looked at, and the page is of the program alone; left out where it was. */
  readonly alone?: string;
  /** Whether it is about what stands, which should be as the program has it, and not about a change of the program. */
  readonly isDrift?: boolean;
}

/** Whether anything is to be created, changed or removed. */
export const hasChanges = (plan: Plan): boolean =>
  changesOf(plan).some((change) => change.verb !== "same" && !isUnasked(change));

/** The page, Markdown. No value of a secret, of an environment variable or of a user's label is on it. */
export function report(plan: Plan, { stack, alone, isDrift }: Subject): string {
  const all = changesOf(plan);
  const unasked = all.filter((change) => isUnasked(change) && !seemsToDiffer(change));
  const changes = all.filter((change) => change.verb !== "same" && !unasked.includes(change));
  const title = isDrift
    ? `# Where the stack \`${stack}\` is not as the program has it, and what \`make up STACK=${stack}\` does about it`
    : alone === undefined
      ? `# What \`make up STACK=${stack}\` would change`
      : `# What the program makes of the stack \`${stack}\``;
  const parts = [title, ...aloneNote(alone), summary(all, unasked), ...dangers(changes)];
  const sections = [...listsOf(changes, all), ...listUnasked(unasked), ...blocksOf(all)];
  return `${[...parts, ...(changes.length === 0 ? [] : sections)].join("\n\n")}\n`;
}

/** Whether the inputs of a change that no plugin was asked about differ, as far as they are known. */
function seemsToDiffer(change: Change): boolean {
  const { before, after } = asFarAsKnown(change);
  return !isDeepStrictEqual(before?.inputs, after?.inputs);
}

const aloneNote = (alone: string | undefined): string[] =>
  alone === undefined
    ? []
    : [
        `> [!NOTE]\n> This is the program alone: ${alone}. What stands is not known here, so everything is listed as new, ` +
          "and what would go is not listed.",
      ];

const COUNTED: readonly (readonly [Verb, string])[] = [
  ["create", "new"],
  ["restore", "made again"],
  ["update", "changed"],
  ["replace", "replaced"],
  ["delete", "removed"],
];

function summary(all: readonly Change[], unasked: readonly Change[]): string {
  const count = (wanted: Verb) =>
    all.filter((change) => change.verb === wanted && !unasked.includes(change)).length;
  const counts = COUNTED.flatMap(([verb, word]) =>
    count(verb) > 0 ? `${count(verb)} ${word}` : [],
  );
  if (counts.length === 0) return `Nothing changes (${plural(count("same"), "resource")}).`;
  const later = unasked.length > 0 ? `, ${unasked.length} cannot be compared before` : "";
  return `Resources: ${counts.join(", ")}; ${count("same")} stay as they are${later}.`;
}

/** What loses data, and what is down for a while. */
function dangers(changes: readonly Change[]): string[] {
  const lost = changes.flatMap((change) => {
    const { type, verb, before } = change;
    if (type !== VOLUME || (verb !== "delete" && verb !== "replace")) return [];
    if (before?.retainOnDelete) return [];
    const after = verb === "replace" ? "deleted, and made anew, empty" : "deleted";
    return `The volume ${code(nameOf(change))} is ${after}: **the data on it is lost**.`;
  });
  const down = changes.flatMap((change) => {
    const name = code(displayName(change));
    const gone = change.verb === "delete";
    if (!gone && change.verb !== "replace") return [];
    if (change.type === SERVICE) {
      return gone
        ? `The service ${name} is removed.`
        : `The service ${name} is removed and made anew: it is gone in between.`;
    }
    if (change.type === NETWORK) {
      return gone
        ? `The network ${name} is removed.`
        : `The network ${name} is removed and made anew, with all that is on it.`;
    }
    if (isHost(change) || (isContainer(change) && isMachine(change))) {
      return gone ? `The machine ${name} is removed.` : `The machine ${name} is replaced.`;
    }
    return [];
  });
  return [...alert("CAUTION", lost.sort()), ...alert("WARNING", down.sort())];
}

const alert = (kind: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`> [!${kind}]\n${lines.map((line) => `> - ${line}`).join("\n")}`];

interface Section {
  readonly title: string;
  readonly has: (change: Change) => boolean;
  readonly line: (change: Change) => string;
  /** Whether another line tells of it already. */
  readonly covered?: (change: Change) => boolean;
}

/** Each change is in the first section that has it; the last one has the rest. */
function listsOf(changes: readonly Change[], all: readonly Change[]): string[] {
  const names: Names = new Map(
    all.flatMap(({ type, before, name }) =>
      type === NETWORK && before?.id !== undefined ? [[before.id, name] as const] : [],
    ),
  );
  // Of a machine that comes or goes its container's line tells.
  const told = new Map([
    ...changes.filter(isContainer).map((change) => [containerName(change), change.verb] as const),
    ...changes.filter(isHost).map((change) => [hostName(change), change.verb] as const),
  ]);
  const sections: readonly Section[] = [
    {
      title: "Machines",
      has: (change) => isHost(change) || (isContainer(change) && isMachine(change)),
      line: (change) =>
        isHost(change)
          ? item(change, hostName(change), describeHost(change))
          : containerLine(change),
    },
    {
      title: "Members of the swarm",
      has: (change) => isMembership(change),
      line: (change) => item(change, memberName(change), memberWords(change)),
      covered: (change) =>
        told.get(memberName(change)) === change.verb && describeMembership(change).length === 0,
    },
    { title: "Containers beside the machines", has: isContainer, line: containerLine },
    {
      title: "Services",
      has: ({ type }) => type === SERVICE,
      line: (change) => item(change, serviceName(change), describeService(change, names)),
    },
    {
      title: "Images",
      has: ({ type }) => type === IMAGE,
      line: (change) => item(change, imageName(change), describeImage(change)),
    },
    {
      title: "Networks and volumes",
      has: ({ type }) => type === NETWORK || type === VOLUME,
      line: (change) => {
        const kind = change.type === NETWORK ? "network" : "volume";
        return item(change, nameOf(change), describeKept(change)).replace("- ", `- ${kind} `);
      },
    },
    {
      title: "Secrets",
      has: ({ type }) => type === SECRET,
      line: (change) => item(change, change.name, []),
    },
  ];
  const left = new Set(changes);
  const lists = sections.flatMap(({ title, has, line, covered }) => {
    const own = [...left].filter(has);
    own.forEach((change) => left.delete(change));
    const lines = own
      .filter((change) => !covered?.(change))
      .map(line)
      .sort();
    return lines.length === 0 ? [] : [`## ${title}\n\n${lines.join("\n")}`];
  });
  return [...lists, ...rest([...left])];
}

const WORDS: Readonly<Record<Verb, string>> = {
  create: "new",
  restore: "gone, and made again",
  update: "changed",
  replace: "replaced",
  delete: "removed",
  same: "same",
};

function item({ verb }: Change, name: string, phrases: readonly string[]): string {
  const words = phrases.length > 0 ? `: ${phrases.join("; ")}` : "";
  return `- ${code(name)} **${WORDS[verb]}**${words}`;
}

function containerLine(change: Change): string {
  const phrases = describeContainer(change);
  const name = containerName(change);
  if (change.verb === "delete" && isMachine(change)) {
    return item(change, name, ["its tasks run elsewhere first, then it leaves the swarm"]);
  }
  if (change.verb !== "update") return item(change, name, phrases);
  // Whatever differs, `docker create` makes it anew.
  if (!isMissing(change)) return `- ${code(name)} **made anew**: ${phrases.join("; ")}`;
  return [`- ${code(name)} **brought back**: it does not run`, ...phrases].join("; ");
}

function memberWords(change: Change): string[] {
  const words = describeMembership(change);
  if (words.length > 0 || change.verb !== "update") return words;
  return [
    isOutOfPlace(change)
      ? "the swarm lists it no more, or with another role or labels"
      : "its place there is looked after",
  ];
}

const IMAGE_FACETS: readonly Facet<State>[] = [
  { title: "sources", read: (state) => ({ "": textAt(state, "build.contextDigest") }) },
  { title: "name", open: true, read: (state) => ({ "": textAt(state, "imageName") }) },
  { title: "platform", open: true, read: (state) => ({ "": textAt(state, "build.platform") }) },
  {
    title: "build arguments",
    read: (state) => (at(state, "build.args") as Record<string, string> | undefined) ?? {},
  },
];

function describeImage({ verb, before, after }: Change): string[] {
  const context = textAt(after ?? before, "build.context");
  if (verb === "delete") return [];
  if (!before || !after) return [`built from ${code(context)}`];
  return [`built anew from ${code(context)}`, ...differences(IMAGE_FACETS, before, after)];
}

/** `app1`, of the image that the component `app1-image` builds. */
const imageName = ({ name }: Change): string => name.replace(/-image-build$/, "");

/** What it is called on its engine; of what has no name there, that in the program. */
const nameOf = ({ before, after, name }: Change): string => textAt(before ?? after, "name") || name;

function displayName(change: Change): string {
  if (isContainer(change)) return containerName(change);
  if (isHost(change)) return hostName(change);
  // The swarm's name of a secret is made up.
  if (change.type === SECRET) return change.name;
  return change.type === SERVICE ? serviceName(change) : nameOf(change);
}

function describeKept({ type, verb, before, differing }: Change): string[] {
  if (verb === "delete" && before?.retainOnDelete) return ["it stays on the engine, with its data"];
  if (verb === "delete" || verb === "replace") {
    const why = verb === "replace" && differing.length > 0 ? [`${codes(differing)} changed`] : [];
    return type === VOLUME ? ["**the data on it is lost**", ...why] : why;
  }
  return verb === "update" && differing.length > 0 ? [`${codes(differing)} changed`] : [];
}

/** What Pulumi could not compare, folded. */
function listUnasked(unasked: readonly Change[]): string[] {
  if (unasked.length === 0) return [];
  const lines = unasked.map((change) => `- ${code(displayName(change))}`).sort();
  return folded(`${plural(unasked.length, "resource")} that cannot be compared before the update`, [
    "The address of the engine that they are on is known only then. As far as it can be seen, nothing of them changes.",
    "",
    ...lines,
  ]);
}

const folded = (title: string, lines: readonly string[]): string[] => [
  `<details><summary>${title}</summary>\n\n${lines.join("\n")}\n\n</details>`,
];

/** What no section has, folded: commands that make keys or remove tags, and providers. */
function rest(changes: readonly Change[]): string[] {
  if (changes.length === 0) return [];
  const lines = changes.map((change) => {
    const what = change.differing.length > 0 ? [`${codes(change.differing)} changed`] : [];
    return item(change, change.name, what);
  });
  return folded(plural(changes.length, "other resource"), lines.sort());
}

/** Routes and ports, before and after. */
function blocksOf(all: readonly Change[]): string[] {
  const lines = (side: "before" | "after", of: (state: State | undefined) => string[]) =>
    all
      .filter(({ verb }) => !(side === "before" && verb === "create"))
      .flatMap((change) => of(change[side]));
  const block = (title: string, of: (state: State | undefined) => string[]) =>
    diffBlock(title, lines("before", of), lines("after", of));
  return [
    ...block("Routes", (state) => (state?.type === SERVICE ? routesOf(state) : [])),
    ...block("Exposed ports", (state) =>
      state?.type === SERVICE ? publishedPorts(state) : openPorts(state),
    ),
  ];
}
