import type { PropertyMap } from "./values";

/** What happened to one property, as `PropertyDiff.Kind` names it. */
export type DiffKind =
  "ADD" | "ADD_REPLACE" | "DELETE" | "DELETE_REPLACE" | "UPDATE" | "UPDATE_REPLACE";

/** The answer to Diff and DiffConfig. */
export interface DiffResult {
  readonly changes: boolean;
  /** Property path → what happened to it. */
  readonly detailed: Readonly<Record<string, DiffKind>>;
  /** Whether the paths are those of the inputs rather than of the outputs. */
  readonly inputDiff: boolean;
  /** Whether `detailed` is to be believed when it is empty. */
  readonly hasDetailed: boolean;
  readonly replaces: readonly string[];
  readonly diffs: readonly string[];
  readonly stables: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** One reason for which inputs are refused. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

/** What the stack's autonaming config asks for; absent when the plugin is to choose. */
export interface Autonaming {
  readonly proposedName: string;
  readonly disabled: boolean;
}

export type Severity = "debug" | "info" | "warning" | "error";

/** What every operation on a resource knows. */
export interface Context {
  readonly urn: string;
  /** Type token, such as `docker:index/service:Service`. */
  readonly type: string;
  readonly name: string;
  readonly preview: boolean;
  /** Aborts when the engine cancels, when the custom timeout passes, or when the CLI is gone. */
  readonly signal: AbortSignal;
  /** A line that stays in the log. */
  readonly log: (message: string, severity?: Severity) => void;
  /** Progress: shown while the operation runs, then gone. */
  readonly status: (message: string) => void;
}

/** What Create and Read tell about a resource. */
export interface ResourceState {
  readonly id: string;
  readonly properties: PropertyMap;
}

export interface ReadState extends ResourceState {
  readonly inputs: PropertyMap;
}

/** The four flags of Handshake and Configure that say what a plugin understands. */
export interface Accepts {
  readonly secrets: boolean;
  readonly resources: boolean;
  readonly outputs: boolean;
  readonly byteStrings: boolean;
}

/** A plugin, free of the protocol's message types. */
export interface Provider {
  readonly version: string;
  readonly accepts: Accepts;
  readonly supportsAutonaming: boolean;
  /** Whether the plugin answers Handshake; one that does not hears of the engine through its arguments. */
  readonly handshakes: boolean;
  checkConfig(news: PropertyMap): CheckResult;
  /** Absent where the plugin leaves the comparison to the engine. */
  diffConfig?(oldInputs: PropertyMap, news: PropertyMap): DiffResult;
  configure(args: PropertyMap): Promise<void>;
  check(
    context: Context,
    olds: PropertyMap,
    news: PropertyMap,
    seed: Uint8Array,
    autonaming: Autonaming | undefined,
  ): Promise<CheckResult>;
  diff(
    context: Context,
    oldInputs: PropertyMap,
    olds: PropertyMap,
    news: PropertyMap,
    ignoreChanges: readonly string[],
  ): Promise<DiffResult>;
  create(context: Context, inputs: PropertyMap): Promise<ResourceState>;
  /** Undefined when the resource is certainly gone. */
  read(
    context: Context,
    id: string,
    inputs: PropertyMap,
    properties: PropertyMap,
  ): Promise<ReadState | undefined>;
  update(
    context: Context,
    id: string,
    oldInputs: PropertyMap,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<PropertyMap>;
  delete(context: Context, id: string, properties: PropertyMap): Promise<void>;
  invoke(
    token: string,
    args: PropertyMap,
    context: Pick<Context, "signal" | "status">,
  ): Promise<PropertyMap>;
}

/**
 * A create or an update that got half-way: the resource exists, in the state given. The engine
 * records it, fails the update, and updates the resource again next time.
 */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly properties: PropertyMap,
    readonly inputs: PropertyMap,
    message: string,
  ) {
    super(message);
    this.name = "PartialFailure";
  }
}

/** Says that something of the real plugin is missing here; never answer such a thing silently. */
export class NotSupported extends Error {
  constructor(what: string) {
    super(`${what} is not supported by the offline plugin`);
    this.name = "NotSupported";
  }
}
