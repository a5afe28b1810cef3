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
  return [...ordered];
}

function mayOvertake(a: Rule, b: Rule): boolean {
  return (
    a.service.name === b.service.name || (!a.service.hasOwnAclName && !b.service.hasOwnAclName)
  );
}

/** Whether `a` matches only requests that `b` matches too, and not all of them. */
function isNarrower(a: Rule, b: Rule): boolean {
  const path = comparePaths(a, b);
  const domains = compareDomains(a, b);
  return path !== undefined && domains !== undefined && path + domains > 0;
}

/** 1 when `a`'s paths are fewer, 0 when the same, undefined when neither or unknown. */
function comparePaths(a: Rule, b: Rule): number | undefined {
  if (a.path === b.path && a.destination.pathType === b.destination.pathType) return 0;
  const known = ["path_beg", "path", "path_dir"].includes(a.destination.pathType);
  if (b.destination.pathType !== "path_beg" || !known) return undefined;
  return a.path.startsWith(b.path) ? 1 : undefined;
}

function compareDomains(a: Rule, b: Rule): number | undefined {
  const [fewer, more] = [a.destination.domains, b.destination.domains];
  if (more.length === 0) return fewer.length === 0 ? 0 : 1;
  if (fewer.length === 0 || !fewer.every((name) => more.includes(name))) return undefined;
  return more.every((name) => fewer.includes(name)) ? 0 : 1;
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
