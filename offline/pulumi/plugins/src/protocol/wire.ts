import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { PropertyMap, Value } from "./values";
import { isMap } from "./values";

/** Property map ← protobuf; an absent message is an empty map. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct ? struct.toJavaScript() : {};
}

/** Property map → protobuf. `Struct.fromJavaScript` throws on undefined, so absent keys are dropped. */
export function toStruct(map: PropertyMap): Struct {
  return Struct.fromJavaScript(withoutAbsent(map) as Record<string, JavaScriptValue>);
}

function withoutAbsent(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (!isMap(value)) return value;
  const kept: PropertyMap = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) kept[key] = withoutAbsent(item);
  }
  return kept;
}
