import type { ArrayProperty, Traits } from "../model/model";
import { objects, str } from "../model/model";
import type { Value } from "../protocol/values";

/** A label as the SDK has it. */
export interface Label {
  readonly label: string;
  readonly value: string;
}

/** A set of labels; those of most things cannot change without replacing the thing. */
export function labelSet(changes: "replace" | "update", traits: Traits = {}): ArrayProperty<Label> {
  const element: Traits = { required: true, ...(changes === "replace" ? { replaces: true } : {}) };
  return objects<Label>("set", { label: str(element), value: str(element) }, traits);
}

/** Labels → the engine's map; undefined where there are none. */
export function toLabelMap(
  labels: readonly Label[] | undefined,
): Record<string, string> | undefined {
  return labels && Object.fromEntries(labels.map(({ label, value }) => [label, value]));
}

/** The engine's map → labels, by name. */
export function fromLabelMap(labels: Record<string, string> | null | undefined): Value {
  return Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}
