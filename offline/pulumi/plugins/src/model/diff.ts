import type { DiffKind, DiffResult } from "../protocol/provider";
import type { PropertyMap, Value } from "../protocol/values";
import { UNKNOWN, canonical, isAbsent, isMap, reveal, revealMap } from "../protocol/values";
import { DEFAULTS_KEY, hasDefault } from "./check";
import { withoutIgnored } from "./ignore";
import type { FieldTable, Property, ResourceModel } from "./model";
import { fieldsOf, inputTable } from "./model";

/**
 * Compares a resource's old inputs with its new ones.
 * What the program no longer says but the engine may choose stays as it is, and is no change.
 */
export function diffInputs(
  model: ResourceModel,
  old: PropertyMap,
  news: PropertyMap,
  ignoreChanges: readonly string[] = [],
): DiffResult {
  const table = inputTable(model);
  const changes = new Changes();
  compareFields(changes, table, revealMap(old), revealMap(news), "");
  changes.ignore(ignoreChanges);

  const replaces = changes.topLevel((kind) => kind.endsWith("_REPLACE"));
  const fixedName =
    model.autonamed &&
    old.name === news.name &&
    !hasDefault(old, "name") &&
    !hasDefault(news, "name");
  return {
    changes: changes.size > 0,
    detailed: changes.detailed,
    inputDiff: true,
    hasDetailed: true,
    replaces,
    diffs: changes.topLevel(() => true),
    stables: Object.keys(table)
      .filter((key) => table[key]?.replaces && !replaces.includes(key))
      .sort(),
    // Two of a kind cannot have the same name at the same time.
    deleteBeforeReplace: replaces.length > 0 && fixedName,
  };
}

/** What changed: property path → kind. */
class Changes {
  detailed: Record<string, DiffKind> = {};

  get size(): number {
    return Object.keys(this.detailed).length;
  }

  put(path: string, kind: "ADD" | "DELETE" | "UPDATE", replaces: boolean): void {
    this.detailed[path] = replaces ? `${kind}_REPLACE` : kind;
  }

  ignore(paths: readonly string[]): void {
    this.detailed = withoutIgnored(this.detailed, paths);
  }

  /** Sorted names of the top-level properties with a change of a kind that `wanted` accepts. */
  topLevel(wanted: (kind: DiffKind) => boolean): string[] {
    const names = Object.entries(this.detailed)
      .filter(([, kind]) => wanted(kind))
      .map(([path]) => path.split(/[.[]/, 1)[0] ?? path);
    return [...new Set(names)].sort();
  }
}

function compareFields(
  changes: Changes,
  table: FieldTable,
  old: PropertyMap,
  news: PropertyMap,
  prefix: string,
): void {
  for (const [key, property] of Object.entries(table)) {
    compareValue(changes, property, old[key], news[key], prefix + key);
  }
}

function compareValue(
  changes: Changes,
  property: Property,
  old: Value | undefined,
  news: Value | undefined,
  path: string,
): void {
  if (isAbsent(old) && isAbsent(news)) return;
  if (isAbsent(news)) {
    if (!property.computed) changes.put(path, "DELETE", replacesWhole(property, old ?? null));
    return;
  }
  if (isAbsent(old)) return changes.put(path, "ADD", replacesWhole(property, news));
  if (news === UNKNOWN) return changes.put(path, "UPDATE", replacesWhole(property, old));

  const fields = fieldsOf(property);
  if (Array.isArray(old) && Array.isArray(news)) {
    return compareArrays(changes, property, old, news, path);
  }
  if (isMap(old) && isMap(news)) {
    if (property.kind === "asset") {
      // Assets are as good as their content.
      if (old.hash !== news.hash) changes.put(path, "UPDATE", property.replaces ?? false);
      return;
    }
    if (fields) return compareFields(changes, fields, old, news, `${path}.`);
    return compareMaps(changes, property, old, news, path);
  }
  if (old !== news) changes.put(path, "UPDATE", property.replaces ?? false);
}

function compareMaps(
  changes: Changes,
  property: Property,
  old: PropertyMap,
  news: PropertyMap,
  path: string,
): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(news)])) {
    const inner = /^[A-Za-z0-9_-]+$/.test(key) ? `${path}.${key}` : `${path}["${key}"]`;
    const replaces = property.replaces ?? false;
    if (isAbsent(news[key])) {
      if (!isAbsent(old[key])) changes.put(inner, "DELETE", replaces);
    } else if (isAbsent(old[key])) {
      changes.put(inner, "ADD", replaces);
    } else if (old[key] !== news[key]) {
      changes.put(inner, "UPDATE", replaces);
    }
  }
}

/** Lists are compared by position; of sets, first what both have is set aside, wherever it stands. */
function compareArrays(
  changes: Changes,
  property: Property,
  old: Value[],
  news: Value[],
  path: string,
): void {
  const isSet = property.kind === "set";
  const oldLeft = isSet ? unmatched(old, news) : indexed(old);
  const newLeft = isSet ? unmatched(news, old) : indexed(news);
  for (const index of [...new Set([...oldLeft.keys(), ...newLeft.keys()])].sort((a, b) => a - b)) {
    const inner = `${path}[${index}]`;
    const before = oldLeft.get(index);
    const after = newLeft.get(index);
    if (before !== undefined && after !== undefined) {
      compareElement(changes, property, before, after, inner);
    } else if (after !== undefined) {
      changes.put(inner, "ADD", replacesWhole(property, [after]));
    } else if (before !== undefined) {
      changes.put(inner, "DELETE", replacesWhole(property, [before]));
    }
  }
}

function compareElement(
  changes: Changes,
  property: Property,
  before: Value,
  after: Value,
  path: string,
): void {
  const fields = fieldsOf(property);
  if (fields && isMap(before) && isMap(after)) {
    return compareFields(changes, fields, before, after, `${path}.`);
  }
  if (canonical(before) !== canonical(after)) {
    changes.put(path, "UPDATE", property.replaces ?? false);
  }
}

function indexed(values: Value[]): Map<number, Value> {
  return new Map(values.entries());
}

/** The elements of `values`, by position, that have no equal in `others`. */
function unmatched(values: Value[], others: Value[]): Map<number, Value> {
  const known = new Set(others.map(elementKey));
  return new Map([...values.entries()].filter(([, value]) => !known.has(elementKey(value))));
}

/** Equal for elements that differ only in what Check noted about them. */
function elementKey(value: Value): string {
  const strip = (inner: Value): Value => {
    if (Array.isArray(inner)) return inner.map(strip);
    if (!isMap(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner)
        .filter(([key]) => key !== DEFAULTS_KEY)
        .map(([key, item]) => [key, item === undefined ? null : strip(item)]),
    );
  };
  return canonical(strip(reveal(value)));
}

/** Whether this value's coming or going replaces: by its own property's word, or because of what is in it. */
function replacesWhole(property: Property, value: Value): boolean {
  if (property.replaces) return true;
  const fields = fieldsOf(property);
  if (!fields) return false;
  const items = Array.isArray(value) ? value : [value];
  return items.some((item) => isMap(item) && replacesFields(fields, item));
}

function replacesFields(table: FieldTable, values: PropertyMap): boolean {
  return Object.entries(table).some(([key, property]) => {
    const value = values[key];
    return !isAbsent(value) && replacesWhole(property, value);
  });
}
