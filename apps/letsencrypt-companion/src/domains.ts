import { isIP } from "node:net";

/** Names that share one certificate. */
export interface DomainSet {
  /** The first name: what certbot calls the certificate. */
  readonly name: string;
  readonly domains: readonly string[];
}

/** Let's Encrypt's, https://letsencrypt.org/docs/rate-limits/ */
const MOST_NAMES = 100;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The values of a list as the original has them: a Bash array, `('a.example' 'www.a.example')`, whose values may be
 * quoted or not. Without parentheses the whole text is one value, or several between commas where `separator` is one.
 * @throws Error when parentheses or quotes are left open
 */
export function parseList(text: string, separator?: ","): string[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith("(")) {
    return separator === undefined
      ? [trimmed]
      : trimmed.split(separator).map((part) => part.trim());
  }
  const inner = /^\((.*)\)$/s.exec(trimmed)?.[1];
  if (inner === undefined) throw new Error("must end with a parenthesis, as it begins with one");
  const values: string[] = [];
  const rest = inner.replace(/\s*(?:'([^']*)'|"([^"]*)"|([^\s'"()]+))(?=\s|$)/gy, (_, a, b, c) => {
    values.push(String(a ?? b ?? c));
    return "";
  });
  if (rest.trim() !== "") throw new Error(`has quotes or parentheses left open at ${rest.trim()}`);
  return values;
}

/**
 * Checks and normalises the names of one certificate.
 * @throws Error that names the domain that cannot be, and why
 */
export function domainSet(values: readonly string[]): DomainSet {
  const domains = [...new Set(values.map((value) => value.toLowerCase().replace(/\.$/, "")))];
  domains.forEach(checkDomain);
  const [name] = domains;
  if (name === undefined) throw new Error("names no domain");
  if (domains.length > MOST_NAMES) {
    throw new Error(`has ${domains.length} names: one certificate holds ${MOST_NAMES} at most`);
  }
  return { name, domains };
}

function checkDomain(domain: string): void {
  const labels = domain.split(".");
  if (domain.startsWith("*.")) {
    throw new Error(`has "${domain}": a wildcard cannot be proven by HTTP; list its names instead`);
  }
  const usable =
    domain.length <= 253 &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label)) &&
    isIP(domain) === 0 &&
    !/^\d+$/.test(labels.at(-1) ?? "");
  if (!usable) throw new Error(`has "${domain}", which is not a domain such as www.a.example`);
}
