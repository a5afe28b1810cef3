import type { PropertyMap, Value } from "../protocol/values";
import { hasUnknown, isAbsent, isMap, mapValues, reveal, secret } from "../protocol/values";
import type { FieldTable, Property, ResourceModel } from "./model";
import { fieldsOf, stateTable } from "./model";
import { rawStateDelta } from "./rawState";
import { sortSet } from "./sets";

/**
 * The state to record after a create or an update: what the engine now says, except where the plan said the
 * same in other words (nothing for empty, the given elements of a set).
 * @param live what the engine says; a key that it cannot tell is absent
 */
export function settleApplied(
  model: ResourceModel,
  plan: PropertyMap,
  live: PropertyMap,
): PropertyMap {
  return finish(model, settleFields(stateTable(model), live, plan, true));
}

/** The state to record after a refresh: what the engine says, and what only the old state knows. */
export function settleRead(
  model: ResourceModel,
  prior: PropertyMap,
  live: PropertyMap,
): PropertyMap {
  return finish(model, settleFields(stateTable(model), live, mapValues(prior, reveal), false));
}

/** Marks the secrets of a state that is complete, and adds what the real plugin keeps in it for itself. */
function finish(model: ResourceModel, settled: PropertyMap): PropertyMap {
  const state = markSecrets(stateTable(model), settled);
  state.__pulumi_raw_state_delta = rawStateDelta(stateTable(model), settled);
  if (model.meta !== undefined) state.__meta = model.meta;
  return state;
}

/** Marks what the model calls secret. */
export function markSecrets(table: FieldTable, state: PropertyMap): PropertyMap {
  return mapValues(state, (value, key) => {
    const property = table[key];
    if (!property || value === null) return value;
    if (property.secret) return secret(reveal(value));
    const fields = fieldsOf(property);
    return fields && isMap(value) ? markSecrets(fields, value) : value;
  });
}

function settleFields(
  table: FieldTable,
  live: PropertyMap,
  reference: PropertyMap,
  applied: boolean,
): PropertyMap {
  const state: PropertyMap = {};
  for (const [key, property] of Object.entries(table)) {
    state[key] = settleValue(property, live[key], reference[key], applied);
  }
  return state;
}

function settleValue(
  property: Property,
  live: Value | undefined,
  reference: Value | undefined,
  applied: boolean,
): Value {
  if (live === undefined) return reference ?? null;
  const fields = fieldsOf(property);
  if (property.kind === "set" && Array.isArray(live)) {
    if (applied && Array.isArray(reference) && !hasUnknown(reference)) return reference;
    return sortSet(property, live);
  }
  if (isMap(live)) {
    if (fields) {
      return settleFields(fields, live, isMap(reference) ? reference : {}, applied);
    }
    return applied && isAbsent(reference) && Object.keys(live).length === 0 ? null : live;
  }
  if (Array.isArray(live)) {
    if (applied && reference === null && live.length === 0) return null;
    return live.map((item, index) => {
      const old = Array.isArray(reference) ? reference[index] : undefined;
      return fields && isMap(item)
        ? settleFields(fields, item, isMap(old) ? old : {}, applied)
        : item;
    });
  }
  return live;
}
