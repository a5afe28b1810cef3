import { ACME_PATH } from "./destination";
import type { Destination, Service } from "./service";

/** One line of the routing table: requests with this path (and one of the destination's domains) go there. */
export interface Rule {
  readonly service: Service;
  readonly destination: Destination;
  readonly path: string;
}

/**
 * Puts services in the original's order: those with a `/.well-known` path, the others, those with the path `/`;
 * within each group by aclName.
 */
export function orderServices(services: Iterable<Service>): Service[] {
  return [...services].sort(
    (a, b) => rank(a) - rank(b) || compareText(a.aclName, b.aclName) || compareText(a.name, b.name),
  );
}

/**
 * Puts rules in the order in which they are tried: the original's, except that of two services that do not say
 * their aclName the narrower rule comes first. So `/app10` is not taken by `/app1`, which its order allows.
 */
export function orderRules(services: Iterable<Service>): Rule[] {
  const rules = orderServices(services).flatMap((service) =>
    service.destinations.flatMap((destination) =>
      destination.paths.map((path): Rule => ({ service, destination, path })),
    ),
  );
  const ordered = new Set<Rule>();
  const emit = (rule: Rule, position: number): void => {
    if (ordered.has(rule)) return;
    // Narrower is a strict order, so this ends.
    rules.forEach((other, i) => {
      if (i > position && mayOvertake(other, rule) && isNarrower(other, rule)) emit(other, i);
    });
    ordered.add(rule);
  };
  rules.forEach(emit);
  // Whatever else asks for them: no certificate, no HTTPS.
  const isAcme = ({ path }: Rule): boolean => path.startsWith(ACME_PATH);
  const all = [...ordered];
  return [...all.filter(isAcme), ...all.filter((rule) => !isAcme(rule))];
}

function mayOvertake(a: Rule, b: Rule): boolean {
  return (
    a.service.name === b.service.name || (!a.service.hasOwnAclName && !b.service.hasOwnAclName)
  );
}

/** Whether `a` matches only requests that `b` matches too, and not all of them. */
function isNarrower(a: Rule, b: Rule): boolean {
  const path = comparePaths(a, b);
  if (path === undefined) return false;
  const parts = [
    path,
    compareSets(a.destination.domains, b.destination.domains, true),
    compareSchemes(a.destination, b.destination),
    compareHeaders(a.destination, b.destination),
    compareSets(a.destination.userAgents, b.destination.userAgents, true),
  ];
  return parts.every((part) => part !== undefined) && parts.includes(1);
}

/** How one part of a rule compares: 1 when the first matches less, 0 when the same, undefined when neither or unknown. */
type Comparison = 0 | 1 | undefined;

function comparePaths(a: Rule, b: Rule): Comparison {
  if (a.path === b.path && a.destination.pathType === b.destination.pathType) return 0;
  const known = ["path_beg", "path", "path_dir"].includes(a.destination.pathType);
  if (b.destination.pathType !== "path_beg" || !known) return undefined;
  return a.path.startsWith(b.path) ? 1 : undefined;
}

/** Any of these, where none means all. */
function compareSets(a: readonly string[], b: readonly string[], emptyIsAll: boolean): Comparison {
  if (emptyIsAll && b.length === 0) return a.length === 0 ? 0 : 1;
  if ((emptyIsAll && a.length === 0) || !a.every((item) => b.includes(item))) return undefined;
  return b.every((item) => a.includes(item)) ? 0 : 1;
}

/** Another scheme is no reason not to try the narrower path first. */
function compareSchemes(a: Destination, b: Destination): Comparison {
  return a.scheme !== undefined && b.scheme === undefined ? 1 : 0;
}

/** All of these: the more there are, the fewer requests. */
function compareHeaders(a: Destination, b: Destination): Comparison {
  const [mine, theirs] = [a, b].map(({ headers }) =>
    headers.map(({ name, value }) => `${name.toLowerCase()}: ${value}`),
  );
  return compareSets(theirs ?? [], mine ?? [], false);
}

function rank(service: Service): number {
  const paths = service.destinations.flatMap(({ paths }) => paths);
  if (paths.some((path) => path.toLowerCase().startsWith("/.well-known"))) return 0;
  return paths.includes("/") ? 2 : 1;
}

/** By code unit, as Go compares strings: not by the machine's locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
