import type { PropertyMap, Value } from "../protocol/values";
import { canonical, isAbsent, isMap, mapValues, reveal } from "../protocol/values";
import { DEFAULTS_KEY } from "./check";
import type { FieldTable, Property, ResourceModel } from "./model";
import { fieldsOf, inputTable } from "./model";
import { isEmpty } from "./plan";
import { markSecrets } from "./settle";

/**
 * The inputs as a refresh finds them: what the program had set, with the values that now are, and what
 * somebody else has set since. Where only the spelling differs, the program's stays.
 * @param prior the state before the refresh
 */
export function projectInputs(
  model: ResourceModel,
  inputs: PropertyMap,
  prior: PropertyMap,
  state: PropertyMap,
): PropertyMap {
  const table = inputTable(model);
  const plain = (map: PropertyMap) => mapValues(map, reveal);
  return markSecrets(table, projectFields(table, plain(inputs), plain(prior), plain(state)));
}

function projectFields(
  table: FieldTable,
  inputs: PropertyMap,
  prior: PropertyMap,
  state: PropertyMap,
): PropertyMap {
  const projected: PropertyMap = {};
  const defaults = inputs[DEFAULTS_KEY];
  if (Array.isArray(defaults) && defaults.length > 0) projected[DEFAULTS_KEY] = defaults;
  for (const [key, property] of Object.entries(table)) {
    const given = inputs[key];
    const live = state[key];
    if (!isAbsent(given)) {
      const value = projectValue(property, given, prior[key], live);
      if (!isAbsent(value)) projected[key] = value;
    } else if (!property.computed && property.implied === undefined) {
      if (isEmpty(prior[key]) && !isEmpty(live)) projected[key] = live;
    }
  }
  return projected;
}

function projectValue(
  property: Property,
  given: Value,
  prior: Value | undefined,
  live: Value | undefined,
): Value | undefined {
  if (isAbsent(live)) return live;
  const fields = fieldsOf(property);
  if (isMap(given) && isMap(live)) {
    if (fields) return projectFields(fields, given, isMap(prior) ? prior : {}, live);
    // Into a map of its own choosing the engine puts keys that the program knows nothing of.
    return property.computed ? mapValues(given, (_value, key) => live[key] ?? null) : live;
  }
  if (Array.isArray(given) && Array.isArray(live)) {
    return fields ? projectObjects(fields, given, live) : live;
  }
  const same =
    typeof given === "string" && typeof live === "string" && property.sameAs?.(given, live);
  return same ? given : live;
}

/** Keeps the program's order as long as the engine has the same objects. */
function projectObjects(fields: FieldTable, given: Value[], live: Value[]): Value[] {
  const left = [...live];
  const kept: Value[] = [];
  for (const item of given) {
    const index = left.findIndex((candidate) => canonicalOn(fields, item, candidate));
    if (index < 0) continue;
    const [match] = left.splice(index, 1);
    kept.push(projectElement(fields, item, match ?? null));
  }
  return [...kept, ...left.map((item) => pruned(item))];
}

function projectElement(fields: FieldTable, given: Value, live: Value): Value {
  return isMap(given) && isMap(live) ? projectFields(fields, given, live, live) : live;
}

/** Whether the live object is the given one, as far as the given one says anything. */
function canonicalOn(fields: FieldTable, given: Value, live: Value): boolean {
  if (!isMap(given) || !isMap(live)) return false;
  const projected = projectFields(fields, given, live, live);
  return canonical(withoutDefaults(projected)) === canonical(withoutDefaults(given));
}

function withoutDefaults(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== DEFAULTS_KEY);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDefaults(item ?? null)]));
}

/** An object that no input speaks of: only what is set in it. */
function pruned(value: Value): Value {
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => !isEmpty(item));
  return Object.fromEntries(kept.map(([key, item]) => [key, pruned(item ?? null)]));
}
