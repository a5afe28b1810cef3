import type { Value } from "../../protocol/values";
import { textOf } from "../../protocol/values";

/** Refuses all strings but these. */
export function oneOf(...allowed: string[]): (value: Value) => string | undefined {
  return (value) =>
    typeof value === "string" && allowed.includes(value)
      ? undefined
      : `'${textOf(value)}' is none of ${allowed.join(", ")}`;
}
