import type { PropertyMap, Value } from "../protocol/values";
import { isAbsent, isMap, mapValues, reveal } from "../protocol/values";
import type { FieldTable, Property } from "./model";
import { fieldsOf } from "./model";
import { rawName } from "./sets";

/**
 * What the real plugin keeps in a state under `__pulumi_raw_state_delta`: how to turn that state back into
 * Terraform's. With it a state from here reads there as one of its own.
 * Source: pulumi/pulumi-terraform-bridge, pkg/tfbridge/rawstate.go.
 */
export function rawStateDelta(table: FieldTable, state: PropertyMap): PropertyMap {
  return objectDelta(table, mapValues(state, reveal));
}

function objectDelta(table: FieldTable, state: PropertyMap): PropertyMap {
  const properties: PropertyMap = {};
  const renamed: PropertyMap = {};
  for (const [key, property] of Object.entries(table)) {
    const delta = valueDelta(property, state[key] ?? null);
    if (delta) properties[key] = delta;
    const name = rawName(key, property);
    if (property.rawName !== undefined && !isAbsent(name)) renamed[key] = name;
  }
  const object: PropertyMap = {};
  if (Object.keys(properties).length > 0) object.ps = properties;
  if (Object.keys(renamed).length > 0) object.renamed = renamed;
  return { obj: object };
}

/** Undefined where Pulumi's form and Terraform's are the same. */
function valueDelta(property: Property, value: Value): PropertyMap | undefined {
  const fields = fieldsOf(property);
  if (property.kind === "object") {
    // Pulumi's object is Terraform's list of one.
    return { plu: { i: fields && isMap(value) ? objectDelta(fields, value) : {} } };
  }
  if (value === null) return undefined;
  if (property.kind === "map") return { map: {} };
  if (!Array.isArray(value)) return undefined;
  const elements: PropertyMap = {};
  value.forEach((item, index) => {
    if (fields && isMap(item)) elements[index] = objectDelta(fields, item);
  });
  return { arr: Object.keys(elements).length > 0 ? { el: elements } : {} };
}
