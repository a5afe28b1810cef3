/** What `pulumi preview --json --show-sames` prints, as changes of resources. */

/** The CLI's JSON, as far as it is read. A secret stands in it as `[secret]`. */
export interface Plan {
  readonly steps?: readonly Step[];
  /** What the engine, the plugins and the program said. */
  readonly diagnostics?: readonly { readonly message: string; readonly severity: string }[];
}

export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: State;
  readonly newState?: State;
  /** The inputs that differ, secret ones as well. */
  readonly diffReasons?: readonly string[] | null;
}

/** A resource before or after the change. */
export interface State {
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** URNs. */
  readonly dependencies?: readonly string[];
  /** Whether the thing outlives its resource. */
  readonly retainOnDelete?: boolean;
}

/** What was made once and is gone is restored. */
export type Verb = "create" | "restore" | "update" | "replace" | "delete" | "same";

export interface Change {
  readonly verb: Verb;
  readonly type: string;
  /** The resource's own name in the program. */
  readonly name: string;
  /** The types of the components that it is in, outermost first. */
  readonly within: readonly string[];
  readonly before?: State;
  readonly after?: State;
  /** The inputs that differ: of a secret nothing else tells that it does. */
  readonly differing: readonly string[];
}

const VERBS: Readonly<Record<string, Verb>> = {
  same: "same",
  read: "same",
  create: "create",
  import: "create",
  delete: "delete",
  discard: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
};

/** What the CLI puts in place of a value that is known only later; sdk/go/common/resource/plugin/rpc.go of Pulumi. */
const UNKNOWN: ReadonlySet<unknown> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export const isUnknown = (value: unknown): boolean => UNKNOWN.has(value);

/** One change for each resource that the program describes or the state has; components and default providers are none. */
export function changesOf({ steps = [] }: Plan): Change[] {
  const byUrn = new Map<string, Change>();
  const known = new Set<string>();
  for (const step of steps) {
    // What a refresh finds is in the step that follows: of what is gone, that is a creation.
    if (step.op === "refresh") {
      known.add(step.urn);
      continue;
    }
    const read = changeOf(step);
    const isGone = read.verb === "create" && known.has(step.urn);
    const change: Change = isGone ? { ...read, verb: "restore" } : read;
    if (/^(swarm:|pulumi:pulumi:)/.test(change.type)) continue;
    if (change.type.startsWith("pulumi:providers:") && change.name.startsWith("default")) continue;
    byUrn.set(step.urn, merged(byUrn.get(step.urn), change));
  }
  return [...byUrn.values()];
}

function changeOf({ op, urn, oldState, newState, diffReasons }: Step): Change {
  const { type = "", name, within } = partsOf(urn);
  return {
    // An operation of a later CLI is shown as a change, and not passed over.
    verb: VERBS[op] ?? "update",
    type,
    name,
    within,
    before: op === "create" ? undefined : plain(oldState ?? newState),
    after: op === "delete" ? undefined : plain(newState),
    differing: diffReasons ?? [],
  };
}

/** The key under which the CLI keeps which inputs a plugin filled in; a refresh drops it. */
const DEFAULTS = "__defaults";

/** Without what is no input. */
const plain = (state: State | undefined): State | undefined =>
  state && { ...state, inputs: withoutDefaults(state.inputs) as State["inputs"] };

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== DEFAULTS);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutDefaults(one)]));
}

/** The steps of one replacement are one change. */
function merged(first: Change | undefined, second: Change): Change {
  if (!first) return second;
  const verb = first.verb === second.verb ? first.verb : "replace";
  return {
    ...second,
    verb,
    before: first.before ?? second.before,
    after: second.after ?? first.after,
  };
}

/** `urn:pulumi:STACK::PROJECT::TYPE$TYPE$TYPE::NAME`. */
export function partsOf(urn: string): {
  readonly type: string | undefined;
  readonly within: readonly string[];
  readonly name: string;
} {
  const [, , chain = "", ...name] = urn.split("::");
  const types = chain.split("$");
  return { type: types.at(-1), within: types.slice(0, -1), name: name.join("::") };
}

/**
 * Whether the plugin was not asked what differs, as what it is to speak to is not known before the update. Pulumi
 * announces an update of everything on such an engine.
 */
export const isUnasked = ({ verb, type, differing }: Change): boolean =>
  verb === "update" && differing.length === 0 && !type.startsWith("pulumi:providers:");

/**
 * The change without what only seems to differ where the plugin was not asked: values that are known later, and what it
 * added to the old inputs by itself.
 */
export function asFarAsKnown(change: Change): Change {
  const { before, after } = change;
  if (!before || !after || !isUnasked(change)) return change;
  const [old, now] = common(before.inputs, after.inputs) as [State["inputs"], State["inputs"]];
  return { ...change, before: { ...before, inputs: old }, after: { ...after, inputs: now } };
}

/** What the user names, where a key that is gone was taken out, and the image, which changes with its build. */
const USERS_OWN: ReadonlySet<string> = new Set(["env", "image"]);

function common(before: unknown, after: unknown): [unknown, unknown] {
  if (isUnknown(after)) return [before, before];
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return [before, after];
    const pairs = before.map((one, i) => common(one, after[i]));
    return [pairs.map(([old]) => old), pairs.map(([, now]) => now)];
  }
  if (!isMap(before) || !isMap(after)) return [before, after];
  const pairs = Object.keys(after).map((key) => {
    const both = USERS_OWN.has(key)
      ? ([before[key], after[key]] as const)
      : common(before[key], after[key]);
    return [key, both] as const;
  });
  return [
    Object.fromEntries(pairs.map(([key, [old]]) => [key, old])),
    Object.fromEntries(pairs.map(([key, [, now]]) => [key, now])),
  ];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path of a resource's inputs; undefined where there is none. */
export const at = (state: State | undefined, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        isUnknown(value) ? value : (value as Record<string, unknown> | null | undefined)?.[key],
      state?.inputs,
    );

/** The list at a path of a resource's inputs; empty where there is none, or none is known yet. */
export function listAt(state: State | undefined, path: string): readonly unknown[] {
  const value = at(state, path);
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The string at a path of a resource's inputs; empty where there is none, or none is known yet. */
export function textAt(state: State | undefined, path: string): string {
  const value = at(state, path);
  return typeof value === "string" && !isUnknown(value) ? value : "";
}
