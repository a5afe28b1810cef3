/**
 * Property values as Pulumi's engine and its plugins exchange them: JSON, plus sentinels for what is
 * not known yet (previews), what is secret, and assets.
 * Source: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go and sig.go.
 */
export type Value = null | boolean | number | string | Value[] | PropertyMap;
export interface PropertyMap {
  [key: string]: Value | undefined;
}

/** Stands for a value that only the update itself will tell. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Key under which a special object says what it is. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What a secret value looks like on the wire. */
export function secret(value: Value): PropertyMap {
  return { [SIGNATURE]: SECRET, value };
}

/** A plain object: neither null nor an array. */
export function isMap(value: unknown): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: unknown): value is PropertyMap & { value: Value } {
  return isMap(value) && value[SIGNATURE] === SECRET;
}

/** Nothing was given: JSON has no undefined, so null counts as absent too. */
export function isAbsent(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** Whether the value, or any value in it, is unknown. */
export function hasUnknown(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isMap(value)) return Object.values(value).some(hasUnknown);
  return value === UNKNOWN;
}

/** Whether the value, or any value in it, is marked secret. */
export function hasSecret(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some(hasSecret);
  return isSecret(value) || (isMap(value) && Object.values(value).some(hasSecret));
}

/** The value with every secret mark taken off. */
export function reveal(value: Value): Value {
  if (isSecret(value)) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  return isMap(value) ? mapValues(value, reveal) : value;
}

/** {@link reveal} for a whole map. */
export function revealMap(map: PropertyMap): PropertyMap {
  return mapValues(map, reveal);
}

/** The map with each present value replaced; absent keys stay away. */
export function mapValues(
  map: PropertyMap,
  change: (value: Value, key: string) => Value,
): PropertyMap {
  const changed: PropertyMap = {};
  for (const [key, value] of Object.entries(map)) {
    if (value !== undefined) changed[key] = change(value, key);
  }
  return changed;
}

/** Marks as secret again, in `value`, the paths that are secret in `marked`. */
export function remark(value: PropertyMap, marked: PropertyMap): PropertyMap {
  return mapValues(value, (item, key) => remarkValue(item, marked[key]));
}

function remarkValue(value: Value, marked: Value | undefined): Value {
  if (isSecret(value)) return value;
  if (isSecret(marked)) return secret(remarkValue(value, marked.value));
  if (isMap(value) && isMap(marked)) return remark(value, marked);
  if (Array.isArray(value) && Array.isArray(marked)) {
    return value.map((item, index) => remarkValue(item, marked[index]));
  }
  return value;
}

/** A value as text: a string as it is, anything else as JSON. */
export function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : canonical(value);
}

/** JSON with sorted keys and without absent ones: equal text means equal values. */
export function canonical(value: Value | undefined): string {
  return JSON.stringify(value ?? null, (_key, item: Value) =>
    isMap(item)
      ? Object.fromEntries(
          Object.entries(item)
            .filter(([, inner]) => !isAbsent(inner))
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : item,
  );
}
