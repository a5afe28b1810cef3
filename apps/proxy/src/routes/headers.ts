import type { Looked, Reader, ServiceParameter } from "./parameters";
import { refuse, shown } from "./refusal";
import type { Header, HeaderChange } from "./service";
import * as values from "./values";

/** Those of HAProxy's expressions that a header's value may hold; any other could read what is not the service's. */
export const HEADER_EXPRESSIONS = [
  "%[dst_port]",
  "%[env(HOSTNAME)]",
  "%[hostname]",
  "%[req.hdr(host)]",
  "%[src]",
  "%[unique-id]",
] as const;

/** They say where a message ends or belong to one connection: another value would part the proxy from the tasks. */
const UNTOUCHABLE = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const CHANGES: readonly (readonly [
  ServiceParameter,
  Pick<HeaderChange, "of" | "action">,
  older?: ServiceParameter,
])[] = [
  ["addReqHeader", { of: "request", action: "add" }, "addHeader"],
  ["setReqHeader", { of: "request", action: "set" }, "setHeader"],
  ["addResHeader", { of: "response", action: "add" }],
  ["setResHeader", { of: "response", action: "set" }],
  ["delReqHeader", { of: "request", action: "del" }],
  ["delResHeader", { of: "response", action: "del" }],
];

/** Reads what a service does to headers, in the original's order. @throws Refusal */
export function parseHeaderChanges(reader: Reader): HeaderChange[] {
  return CHANGES.flatMap(([name, { of, action }, older]) => {
    const current = reader.get(name);
    const looked = current.value === "" && older !== undefined ? reader.get(older) : current;
    return reader.list(looked).map((item): HeaderChange => {
      if (action === "del") {
        return { of, action, name: headerName(looked, item), value: "" };
      }
      return { of, action, ...parseChange(looked, item) };
    });
  });
}

/** `Name value`, and perhaps one of the two conditions that the original's documents show. */
function parseChange(
  looked: Looked,
  item: string,
): Pick<HeaderChange, "name" | "value" | "scheme"> {
  const [, name = "", rest = ""] = /^(\S+) +(.+)$/.exec(item) ?? [];
  if (name === "") refuse(`${looked.parameter} must be «Name value», got ${shown(item)}`);
  const conditional = /^(.*?) +(if|unless) +\{ +ssl_fc +\}$/.exec(rest);
  const [, text = rest, word] = conditional ?? [];
  return {
    name: headerName(looked, name),
    value: headerValue(looked, unquoted(text)),
    ...(word === undefined ? {} : { scheme: word === "if" ? "https" : "http" }),
  };
}

/** The original's values go into HAProxy's configuration as they are, where a value with blanks is quoted. */
function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text.replaceAll("\\ ", " ");
}

function headerName({ parameter }: Looked, name: string): string {
  values.headerName(parameter, name);
  if (UNTOUCHABLE.has(name.toLowerCase())) {
    refuse(`${parameter} cannot change the header ${shown(name)}`);
  }
  return name;
}

function headerValue({ parameter }: Looked, value: string): string {
  const literal = HEADER_EXPRESSIONS.reduce((text, known) => text.replaceAll(known, ""), value);
  if (literal.includes("%[")) {
    refuse(
      `${parameter} may hold these expressions only: ${HEADER_EXPRESSIONS.join(" ")}; got ${shown(value)}`,
    );
  }
  return values.headerValue(parameter, value);
}

/** Reads `serviceHeader`: `Name:value`. @throws Refusal */
export function parseHeaderConditions(reader: Reader, looked: Looked): Header[] {
  return reader.list(looked).map((item) => {
    const [, name = "", value = ""] = /^([^: ]+) *: *([^:]+)$/.exec(item) ?? [];
    if (name === "") refuse(`${looked.parameter} must be Name:value, got ${shown(item)}`);
    return {
      name: values.headerName(looked.parameter, name),
      value: values.headerValue(looked.parameter, value),
    };
  });
}
