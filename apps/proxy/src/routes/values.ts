import { refuse, shown } from "./refusal";

/*
 * Everything that a label says ends up in haproxy.cfg, so each value must match a pattern that leaves out white
 * space, quotes, backslashes, `#`, `$` and control characters. What does not match is refused, never repaired.
 */

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_-])?$/;
const ACL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$/;
const PATH = /^\/[A-Za-z0-9\-._~!&()*+;=:@%/]{0,1023}$/;
const PATH_FRAGMENT = /^[A-Za-z0-9\-._~!&()*+;=:@%/]{1,1024}$/;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const DOMAIN = new RegExp(`^(?:\\*\\.?)?${LABEL}(?:\\.${LABEL})*$`);
const INTEGER = /^(?:0|[1-9][0-9]{0,8})$/;

/** Reads a whole number within bounds. Throws a Refusal that names the parameter. */
export function integer(parameter: string, value: string, min: number, max: number): number {
  const number = INTEGER.test(value) ? Number(value) : NaN;
  if (!(number >= min && number <= max)) {
    refuse(`${parameter} must be a whole number from ${min} to ${max}, got ${shown(value)}`);
  }
  return number;
}

/** Reads a boolean as Go's ParseBool does, which the original uses. Throws a Refusal. */
export function boolean(parameter: string, value: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  return refuse(`${parameter} must be true or false, got ${shown(value)}`);
}

/** Reads one of a fixed set of words. Throws a Refusal. */
export function oneOf<T extends string>(
  parameter: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((word) => word === value);
  return found ?? refuse(`${parameter} must be one of ${allowed.join(", ")}, got ${shown(value)}`);
}

/** A Swarm service's name; it becomes part of a DNS name. Throws a Refusal. */
export function serviceName(value: string): string {
  if (!NAME.test(value)) refuse(`serviceName is not a service's name: ${shown(value)}`);
  return value;
}

/** Throws a Refusal. */
export function aclName(value: string): string {
  if (!ACL_NAME.test(value)) {
    refuse(`aclName may have letters, digits and _ . : - only, got ${shown(value)}`);
  }
  return value;
}

/** A URL path from its slash on, without query. Throws a Refusal. */
export function path(parameter: string, value: string): string {
  if (!value.startsWith("/")) refuse(`${parameter} must start with a slash, got ${shown(value)}`);
  if (!PATH.test(value)) {
    refuse(`${parameter} has a character that a URL path cannot have: ${shown(value)}`);
  }
  return value;
}

/** A part of a URL path. Throws a Refusal. */
export function pathFragment(parameter: string, value: string): string {
  if (!PATH_FRAGMENT.test(value)) {
    refuse(`${parameter} has a character that a URL path cannot have: ${shown(value)}`);
  }
  return value;
}

/** A host name, perhaps with a leading asterisk; answered in lower case. Throws a Refusal. */
export function domain(parameter: string, value: string): string {
  const name = value.toLowerCase();
  if (name.length > 253 || !DOMAIN.test(name)) {
    refuse(`${parameter} is not a domain: ${shown(value)}`);
  }
  return name;
}
