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

/** Printable, without the quotes that HAProxy's own quoting would end on. */
const QUOTABLE = /^[\x21-\x26\x28-\x7e]{1,256}$/;
const HEADER_NAME = /^[A-Za-z0-9_-]{1,128}$/;
const HEADER_VALUE = /^[\x20-\x5b\x5d-\x7e]{1,1024}$/;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const GROUP = /^[A-Za-z0-9_-]{1,64}$/;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+*-]*$/i;
const AGENT = /^[\x20-\x26\x28-\x5b\x5d-\x7e]{1,256}$/;

/**
 * A regular expression (PCRE), which is rendered quoted: backslash and `$` are part of what it says. HAProxy
 * tells whether it is one. Throws a Refusal.
 */
export function regularExpression(parameter: string, value: string): string {
  if (!QUOTABLE.test(value)) {
    refuse(
      `${parameter}: a regular expression may have up to 256 printable characters, no blanks and no ', got ${shown(value)}`,
    );
  }
  return value;
}

/** What takes a match's place in a path; `\1` is the first group. Throws a Refusal. */
export function replacement(parameter: string, value: string): string {
  if (!/^[A-Za-z0-9\-._~!&()*+;=@%/\\]{1,256}$/.test(value) || /\\(?![0-9])/.test(value)) {
    refuse(`${parameter} replaces by what a URL path cannot have: ${shown(value)}`);
  }
  return value;
}

/** Throws a Refusal. */
export function headerName(parameter: string, value: string): string {
  if (!HEADER_NAME.test(value)) refuse(`${parameter} is not a header's name: ${shown(value)}`);
  return value;
}

/** Printable ASCII without backslash; quotes are rendered safely. Throws a Refusal. */
export function headerValue(parameter: string, value: string): string {
  if (!HEADER_VALUE.test(value)) {
    refuse(`${parameter} may have printable characters but no backslash, got ${shown(value)}`);
  }
  return value;
}

/** An HTTP method; answered in upper case. Throws a Refusal. */
export function method(parameter: string, value: string): string {
  const name = value.toUpperCase();
  if (!METHOD.test(name)) refuse(`${parameter} is not a method: ${shown(value)}`);
  return name;
}

/** Throws a Refusal. */
export function group(parameter: string, value: string): string {
  if (!GROUP.test(value)) {
    refuse(`${parameter} may have letters, digits, _ and - only, got ${shown(value)}`);
  }
  return value;
}

/** Throws a Refusal. */
export function mediaType(parameter: string, value: string): string {
  if (!MEDIA_TYPE.test(value)) refuse(`${parameter} is not a media type: ${shown(value)}`);
  return value;
}

/** A part of a User-Agent header. Throws a Refusal. */
export function userAgent(parameter: string, value: string): string {
  if (!AGENT.test(value)) refuse(`${parameter} is not a part of a User-Agent: ${shown(value)}`);
  return value;
}

/**
 * An RFC 3339 time, as Docker's engine gives it, in nanoseconds since 1970: its texts cannot be compared, as trailing
 * zeros are left out. Throws a Refusal.
 */
export function time(parameter: string, value: string): bigint {
  const [, seconds = "", fraction = "", zone = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) refuse(`${parameter} must be an RFC 3339 time, got ${shown(value)}`);
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** A part of a host name, in lower case, dots at its ends included. Throws a Refusal. */
export function nameFragment(parameter: string, value: string): string {
  const name = value.toLowerCase();
  if (!/^[a-z0-9._-]{1,253}$/.test(name)) {
    refuse(`${parameter} is not a part of a host name: ${shown(value)}`);
  }
  return name;
}
