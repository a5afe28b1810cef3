import type { Looked } from "./parameters";
import { refuse, shown } from "./refusal";
import type { Rewrite } from "./service";
import * as values from "./values";

/**
 * Reads `reqPathSearchReplace`: `search,replace` pairs with colons between them. Comma and colon are the original's
 * whatever SEPARATOR says.
 * @throws Refusal
 */
export function parseRewrites({ parameter, value }: Looked): Rewrite[] {
  if (value === "") return [];
  return value.split(":").map((pair) => {
    const parts = pair.split(",");
    const [search = "", replace = ""] = parts;
    if (parts.length !== 2 || search === "") {
      refuse(`${parameter} must be search,replace pairs with : between them, got ${shown(pair)}`);
    }
    return parseRewrite(parameter, search, replace);
  });
}

/** @throws Refusal */
export function parseRewrite(parameter: string, search: string, replace: string): Rewrite {
  return {
    search: values.regularExpression(parameter, search),
    replace: replace === "" ? "" : values.replacement(parameter, replace),
  };
}
