import type { PropertyMap, Value } from "../protocol/values";
import { UNKNOWN, isAbsent, isMap, textOf } from "../protocol/values";
import type { FieldTable, Property } from "./model";
import { fieldsOf } from "./model";

/** A property's name in Terraform's schema. */
export function rawName(key: string, property: Property | undefined): string {
  return property?.rawName ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Puts a set's elements into the order in which the real plugin's state shows them: strings by value, objects
 * by the bytes that Terraform's type system (zclconf/go-cty, cty/set_internals.go) hashes.
 */
export function sortSet(property: Property, elements: readonly Value[]): Value[] {
  const fields = fieldsOf(property);
  return elements
    .map((element) => ({ element, key: fields ? bytesOf(element, property) : element }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ element }) => element);
}

function compare(a: Value, b: Value): number {
  const [left, right] = [textOf(a), textOf(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function bytesOf(value: Value | undefined, property: Property): string {
  if (isAbsent(value)) return property.kind === "object" ? "[]" : "null";
  if (value === UNKNOWN) return "?";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  const fields = fieldsOf(property);
  if (Array.isArray(value)) {
    const items = value.map((item) => (fields ? objectBytes(item, fields) : JSON.stringify(item)));
    return `[${items.map((item) => `${item};`).join("")}]`;
  }
  // An object is, to Terraform, a list of one.
  return fields ? `[${objectBytes(value, fields)};]` : mapBytes(value);
}

function objectBytes(value: Value, fields: FieldTable): string {
  if (!isMap(value)) return "null";
  const attributes = Object.entries(fields)
    .map(([key, property]) => ({ key, property, name: rawName(key, property) }))
    .sort((a, b) => compare(a.name, b.name));
  return `<${attributes.map(({ key, property }) => `${bytesOf(value[key], property)};`).join("")}>`;
}

function mapBytes(value: PropertyMap): string {
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(value[key])};`).join("")}}`;
}
