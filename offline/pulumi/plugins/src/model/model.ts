import type { Value } from "../protocol/values";

/**
 * What a plugin knows of a resource's properties: enough to check inputs, to compare them, to foresee the
 * state in a preview, and to read it back. The tables are typed by the SDK's argument types, so a property
 * that the SDK has and a table lacks does not compile.
 */
export interface Traits {
  /** Must be given. */
  readonly required?: true;
  /** The engine chooses it when it is not given, and keeps its choice. */
  readonly computed?: true;
  /** A change of this very property replaces the resource (for an object: its coming or going). */
  readonly replaces?: true;
  /** Marked secret in inputs and state. */
  readonly secret?: true;
  /** Filled in by Check, and listed in `__defaults`. */
  readonly default?: Value;
  /** What the state says when it is not given, though the inputs stay without it. */
  readonly implied?: Value;
  /** Its name in Terraform's schema, where that is not just the same in snake case. */
  readonly rawName?: string;
  /** Why a value is refused; undefined when it is fine. */
  readonly refuse?: (value: Value) => string | undefined;
  /** Whether the live value is only another spelling of the one given. */
  readonly sameAs?: (given: string, live: string) => boolean;
}

export interface ScalarProperty<K extends "string" | "number" | "boolean"> extends Traits {
  readonly kind: K;
}
export interface MapProperty extends Traits {
  readonly kind: "map";
}
/** A file or an archive. */
export interface AssetProperty extends Traits {
  readonly kind: "asset";
}
/** Several values: in order (`list`), or as a set that the SDK shows as an array. */
export interface ArrayProperty<T = unknown> extends Traits {
  readonly kind: "list" | "set";
  /** What each element has, for objects; absent for strings. */
  readonly fields?: T extends object ? Fields<T> : undefined;
}
export interface ObjectProperty<T = unknown> extends Traits {
  readonly kind: "object";
  readonly fields: Fields<T>;
}

/** The property that fits values of type V. */
export type PropertyFor<V> = [V] extends [boolean]
  ? ScalarProperty<"boolean">
  : [V] extends [string]
    ? ScalarProperty<"string">
    : [V] extends [number]
      ? ScalarProperty<"number">
      : [V] extends [readonly (infer E)[]]
        ? ArrayProperty<E>
        : string extends keyof V
          ? MapProperty
          : [keyof V] extends [never] // what the SDK's asset classes show of themselves
            ? AssetProperty
            : ObjectProperty<V>;

/** A property for each key of the SDK type T. */
export type Fields<T> = { readonly [K in keyof T]-?: PropertyFor<NonNullable<T[K]>> };

/** Any property, for the code that walks the tables. */
export type Property =
  | ScalarProperty<"string">
  | ScalarProperty<"number">
  | ScalarProperty<"boolean">
  | MapProperty
  | AssetProperty
  | (Omit<ArrayProperty, "fields"> & { readonly fields?: FieldTable })
  | (Omit<ObjectProperty, "fields"> & { readonly fields: FieldTable });

export type FieldTable = Readonly<Record<string, Property>>;

/** A resource: what its program may say, and what only the engine says. */
export interface ResourceModel<T = unknown> {
  /** What error messages call it, such as `Network`. */
  readonly title: string;
  readonly inputs: Fields<T>;
  /** State that is no input. */
  readonly outputs: FieldTable;
  /** Whether a name is made up when none is given. */
  readonly autonamed: boolean;
  /** `__meta` as the real plugin writes it: without it, its state upgraders would run. */
  readonly meta?: string;
  /** The same in a preview, where the real plugin has one there. */
  readonly previewMeta?: string;
  /** Rules that concern several properties. */
  readonly rules?: (inputs: Readonly<Record<string, Value | undefined>>) => readonly string[];
}

export const str = (traits: Traits = {}): ScalarProperty<"string"> => ({
  kind: "string",
  ...traits,
});
export const num = (traits: Traits = {}): ScalarProperty<"number"> => ({
  kind: "number",
  ...traits,
});
export const bool = (traits: Traits = {}): ScalarProperty<"boolean"> => ({
  kind: "boolean",
  ...traits,
});
export const map = (traits: Traits = {}): MapProperty => ({ kind: "map", ...traits });
export const strings = (kind: "list" | "set", traits: Traits = {}): ArrayProperty<string> => ({
  kind,
  ...traits,
});
export const objects = <T extends object>(
  kind: "list" | "set",
  fields: Fields<NoInfer<T>>,
  traits: Traits = {},
): ArrayProperty<T> => ({ kind, fields: fields as ArrayProperty<T>["fields"], ...traits });
export const object = <T>(fields: Fields<NoInfer<T>>, traits: Traits = {}): ObjectProperty<T> => ({
  kind: "object",
  fields,
  ...traits,
});

/** An object that is refused whenever it is given. */
export const refused = <T>(what: string): ObjectProperty<T> => ({
  kind: "object",
  fields: {} as Fields<T>,
  refuse: () => `${what} is not supported by the offline plugin`,
});

/** The tables of a resource, for the code that walks them. */
export function inputTable(model: ResourceModel): FieldTable {
  return model.inputs;
}

/** Inputs and outputs together: what the state has. */
export function stateTable(model: ResourceModel): FieldTable {
  return { ...inputTable(model), ...model.outputs };
}

/** The fields of an object's or of an array element's type; undefined for arrays of strings. */
export function fieldsOf(property: Property): FieldTable | undefined {
  return "fields" in property ? property.fields : undefined;
}
