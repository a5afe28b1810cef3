import type { PropertyMap, Value } from "../protocol/values";
import { UNKNOWN, canonical, isAbsent, isMap, mapValues, reveal } from "../protocol/values";
import type { FieldTable, Property, ResourceModel } from "./model";
import { fieldsOf, stateTable } from "./model";
import { sortSet } from "./sets";

/**
 * The state that inputs will lead to, as far as it can be told beforehand: what the engine will choose is
 * unknown on a create, and stays as it was on an update.
 * @param prior the state before an update; undefined for a create
 */
export function planState(
  model: ResourceModel,
  inputs: PropertyMap,
  prior: PropertyMap | undefined,
): PropertyMap {
  const known = prior && mapValues(prior, reveal);
  return planFields(stateTable(model), mapValues(inputs, reveal), known, false);
}

/** @param inSet elements of sets have empty strings where other objects have nothing at all */
function planFields(
  table: FieldTable,
  inputs: PropertyMap,
  prior: PropertyMap | undefined,
  inSet: boolean,
): PropertyMap {
  const plan: PropertyMap = {};
  for (const [key, property] of Object.entries(table)) {
    plan[key] = planValue(property, inputs[key], prior?.[key], prior !== undefined, inSet);
  }
  return plan;
}

function planValue(
  property: Property,
  input: Value | undefined,
  prior: Value | undefined,
  hasPrior: boolean,
  inSet: boolean,
): Value {
  if (isAbsent(input)) {
    if (property.computed) return hasPrior ? (prior ?? null) : UNKNOWN;
    if (property.implied !== undefined) return property.implied;
    return !isAbsent(prior) && isEmpty(prior) ? prior : nothing(property, inSet, hasPrior);
  }
  if (input === UNKNOWN) return UNKNOWN;
  const fields = fieldsOf(property);
  if (isMap(input) && fields) {
    return planFields(fields, input, isMap(prior) ? prior : undefined, inSet);
  }
  if (!Array.isArray(input)) return input;
  const before = Array.isArray(prior) ? prior : [];
  if (property.kind === "set") return planSet(property, fields, input, before);
  return input.map((item, index) => {
    const old = before[index];
    return fields && isMap(item)
      ? planFields(fields, item, isMap(old) ? old : undefined, inSet)
      : item;
  });
}

function planSet(
  property: Property,
  fields: FieldTable | undefined,
  input: Value[],
  before: Value[],
): Value[] {
  const planned = input.map((item) => {
    if (!fields || !isMap(item)) return item;
    const element = planFields(fields, item, undefined, true);
    return before.find((old) => withoutEmpty(old) === withoutEmpty(element)) ?? element;
  });
  return sortSet(property, planned);
}

/** What stands in the state for a property that nobody set; after an update, empty collections are shown. */
function nothing(property: Property, inSet: boolean, isUpdate: boolean): Value {
  switch (property.kind) {
    case "string":
      return inSet ? "" : null;
    case "map":
      return isUpdate ? {} : null;
    case "list":
    case "set":
      return isUpdate || fieldsOf(property) || (property.kind === "set" && inSet) ? [] : null;
    case "number":
    case "boolean":
    case "object":
    case "asset":
      return null;
  }
}

/** Null, zero, "", false, or nothing but such: what the state may show for "not set". */
export function isEmpty(value: Value | undefined): boolean {
  if (isAbsent(value) || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.values(value).every(isEmpty);
}

/** Equal for values that differ only in how they show what is not set. */
function withoutEmpty(value: Value): string {
  const prune = (inner: Value): Value => {
    if (Array.isArray(inner)) return inner.map(prune);
    if (!isMap(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner)
        .filter(([, item]) => !isEmpty(item))
        .map(([key, item]) => [key, prune(item ?? null)]),
    );
  };
  return canonical(prune(value));
}
