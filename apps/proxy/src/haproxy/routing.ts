import type { Rule } from "../routes/rules";
import { type Destination, DOMAIN_ALGORITHMS, type Service } from "../routes/service";
import { backendName } from "./backend";
import type { RenderOptions } from "./options";
import { quote } from "./quote";

/**
 * The frontend's lines that choose a backend.
 * @param rules in the order in which they are tried
 * @param loaded whether a path without a rule is known to have none
 */
export function renderRouting(
  rules: readonly Rule[],
  loaded: boolean,
  options: RenderOptions,
): string[] {
  const services = new Map(rules.map(({ destination, service }) => [destination, service]));
  const fallback = rules.find(
    ({ service, destination }) =>
      service.isDefaultBackend && destination === service.destinations[0],
  );
  const unrouted = loaded ? "not_found" : "not_loaded";
  return [
    ...[...services].flatMap(([destination, service]) => renderDomains(service, destination)),
    ...rules
      .filter(({ destination }) => (destination.srcPort ?? options.httpPort) === options.httpPort)
      .map(renderRule),
    `    default_backend ${
      fallback === undefined ? unrouted : backendName(fallback.service, fallback.destination)
    }`,
  ];
}

function domainAcl(service: Service, destination: Destination): string {
  return `domain_${backendName(service, destination)}`;
}

function renderDomains(service: Service, destination: Destination): string[] {
  const acl = domainAcl(service, destination);
  return destination.domains.map((domain) => {
    const match = domain.startsWith("*") ? "end" : DOMAIN_ALGORITHMS[service.domainAlgorithm];
    return `    acl ${acl} var(txn.host) -m ${match} -- ${quote(domain.replace(/^\*/, ""))}`;
  });
}

function renderRule({ service, destination, path }: Rule): string {
  const domain = destination.domains.length > 0 ? ` ${domainAcl(service, destination)}` : "";
  const condition = `{ ${destination.pathType} -- ${quote(path)} }${domain}`;
  return `    use_backend ${backendName(service, destination)} if ${condition}`;
}
