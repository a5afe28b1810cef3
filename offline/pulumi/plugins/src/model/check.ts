import { createHash } from "node:crypto";
import type { Autonaming, CheckFailure, CheckResult, Context } from "../protocol/provider";
import type { PropertyMap, Value } from "../protocol/values";
import { UNKNOWN, isAbsent, isMap, isSecret, secret } from "../protocol/values";
import type { FieldTable, Property, ResourceModel } from "./model";
import { fieldsOf, inputTable } from "./model";

/** Where Check notes which properties it filled in. */
export const DEFAULTS_KEY = "__defaults";

/**
 * Checks inputs against a model and fills in its defaults.
 * @param noteDefaults whether each object of a known type is to say in `__defaults` which of its properties were
 * filled in, as the Terraform bridge does
 */
export function checkInputs(
  model: ResourceModel,
  news: PropertyMap,
  { noteDefaults }: { readonly noteDefaults: boolean },
): CheckResult {
  const checker = new Checker(noteDefaults);
  const inputs = checker.fields(inputTable(model), news, "");
  const broken = (model.rules?.(inputs) ?? []).map((reason) => ({ property: "", reason }));
  return { inputs, failures: [...checker.failures, ...broken] };
}

class Checker {
  readonly failures: CheckFailure[] = [];

  constructor(private readonly noteDefaults: boolean) {}

  fields(table: FieldTable, given: PropertyMap, path: string): PropertyMap {
    const inputs: PropertyMap = {};
    const filledIn: string[] = [];
    for (const key of Object.keys(given)) {
      if (key === DEFAULTS_KEY || table[key]) continue;
      this.fail(path + key, `property '${path + key}' is not supported by the offline plugin`);
    }
    for (const [key, property] of Object.entries(table)) {
      const value = given[key];
      if (!isAbsent(value)) {
        inputs[key] = this.value(property, value, path + key);
      } else if (property.default !== undefined) {
        inputs[key] = property.default;
        filledIn.push(key);
      } else if (property.required) {
        this.fail(path + key, `Missing required property '${path + key}'`);
      }
    }
    if (this.noteDefaults) inputs[DEFAULTS_KEY] = filledIn.sort();
    return inputs;
  }

  private value(property: Property, value: Value, path: string): Value {
    if (isSecret(value)) return secret(this.plainValue(property, value.value, path));
    const checked = this.plainValue(property, value, path);
    return property.secret ? secret(checked) : checked;
  }

  private plainValue(property: Property, value: Value, path: string): Value {
    if (value === UNKNOWN) return value;
    const refusal = hasKind(property, value)
      ? property.refuse?.(value)
      : `must be a ${property.kind}`;
    if (refusal !== undefined) {
      this.fail(path, `${path}: ${refusal}`);
      return value;
    }
    const fields = fieldsOf(property);
    if (fields && isMap(value)) return this.fields(fields, value, `${path}.`);
    if (fields && Array.isArray(value)) {
      return value.map((item, index) =>
        isMap(item) ? this.fields(fields, item, `${path}[${index}].`) : item,
      );
    }
    return value;
  }

  private fail(property: string, reason: string): void {
    this.failures.push({ property, reason });
  }
}

function hasKind(property: Property, value: Value): boolean {
  switch (property.kind) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === property.kind;
    case "list":
    case "set":
      return Array.isArray(value);
    case "map":
    case "object":
    case "asset":
      return isMap(value);
  }
}

/**
 * Gives a name to a resource whose program does not: the old one if it was made up too, else the one the
 * stack's config proposes, else the resource's name and seven digits that derive from the engine's seed.
 */
export function autoname(
  checked: CheckResult,
  context: Context,
  olds: PropertyMap,
  seed: Uint8Array,
  autonaming: Autonaming | undefined,
): CheckResult {
  if (!isAbsent(checked.inputs.name)) return checked;
  const old = hasDefault(olds, "name") && typeof olds.name === "string" ? olds.name : undefined;
  if (old === undefined && autonaming?.disabled) {
    const reason = "Missing required property 'name': automatic naming is disabled";
    return { ...checked, failures: [...checked.failures, { property: "name", reason }] };
  }
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, 7);
  const name = old ?? (autonaming?.proposedName || `${context.name}-${digits}`);
  const defaults = checked.inputs[DEFAULTS_KEY];
  const inputs: PropertyMap = {
    ...checked.inputs,
    name,
    [DEFAULTS_KEY]: [...(Array.isArray(defaults) ? defaults : []), "name"].sort(),
  };
  return { ...checked, inputs };
}

/** Whether Check filled in this property of the inputs. */
export function hasDefault(inputs: PropertyMap, key: string): boolean {
  const defaults = inputs[DEFAULTS_KEY];
  return Array.isArray(defaults) && defaults.includes(key);
}
