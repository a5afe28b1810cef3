import { ACME_PATH } from "../routes/destination";
import type { Rule } from "../routes/rules";
import { type Destination, DOMAIN_ALGORITHMS, type Match, type Service } from "../routes/service";
import { httpsLocation } from "./access";
import { backendName } from "./backend";
import type { RenderOptions } from "./options";
import { quote, quoteArgument, quoteText } from "./quote";

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
    ...[...services].flatMap(([destination, service]) => renderAcls(service, destination)),
    ...[...services].flatMap(([destination, service]) =>
      renderRedirects(service, destination, options),
    ),
    ...rules.map(renderRule),
    `    default_backend ${
      fallback === undefined ? unrouted : backendName(fallback.service, fallback.destination)
    }`,
  ];
}

/** One line for each value: HAProxy reads up to 64 words of a line. Lines of one name mean any of them. */
function renderAcls(service: Service, destination: Destination): string[] {
  const { domains, excludedPaths, pathType, headers, userAgents, redirectFrom } = destination;
  const acl = (kind: string, criterion: string, value: string, quoted = quote): string =>
    `    acl ${kind}_${backendName(service, destination)} ${criterion} -- ${quoted(value)}`;
  const match = DOMAIN_ALGORITHMS[service.domainAlgorithm];
  const host = service.domainAlgorithm === "req.ssl_sni" ? "ssl_fc_sni,lower" : "var(txn.host)";
  return [
    ...domains.map((name) => acl("domain", ...domainTest(host, name, match))),
    ...excludedPaths.map((path) => acl("exclude", pathType, path)),
    ...headers.map(({ name, value }, i) =>
      acl(`header${i}`, `req.hdr(${name}) -m str`, value, quoteText),
    ),
    ...userAgents.map((agent) => acl("agent", "req.hdr(user-agent) -m sub -i", agent)),
    ...redirectFrom.map((name) => acl("moved", ...domainTest("var(txn.host)", name, "str"))),
  ];
}

function domainTest(fetch: string, domain: string, match: Match): [string, string] {
  const isWildcard = domain.startsWith("*");
  return [`${fetch} -m ${isWildcard ? "end" : match}`, isWildcard ? domain.slice(1) : domain];
}

/** The port of the request's own Host header, as a client sees it: `:8080`, or nothing. */
const OWN_PORT = `%[req.hdr(host),regsub(${quoteArgument("^[^:]*(:[0-9]{1,5})?.*$")},${quoteArgument("\\1")})]`;

function renderRedirects(
  service: Service,
  destination: Destination,
  options: RenderOptions,
): string[] {
  const [domain] = destination.domains;
  if (domain === undefined || destination.redirectFrom.length === 0) return [];
  const moved = `moved_${backendName(service, destination)} !{ path_beg ${ACME_PATH}/ }`;
  const redirect = (location: string, condition: string): string =>
    `    http-request redirect code 301 location ${location} if ${condition}`;
  const same = (scheme: string): string => `"${scheme}://${domain}${OWN_PORT}%[pathq]"`;
  return [
    redirect(
      destination.httpsOnly === undefined ? same("http") : httpsLocation(domain, options),
      `!{ ssl_fc } ${moved}`,
    ),
    redirect(same("https"), `{ ssl_fc } ${moved}`),
  ];
}

function renderRule({ service, destination, path }: Rule): string {
  const { domains, excludedPaths, headers, userAgents, pathType, scheme } = destination;
  const name = backendName(service, destination);
  const conditions = [
    `{ ${pathType} -- ${quote(path)} }`,
    ...(domains.length > 0 ? [`domain_${name}`] : []),
    ...(excludedPaths.length > 0 ? [`!exclude_${name}`] : []),
    ...(scheme === undefined ? [] : [scheme === "https" ? "{ ssl_fc }" : "!{ ssl_fc }"]),
    ...headers.map((_, i) => `header${i}_${name}`),
    ...(userAgents.length > 0 ? [`agent_${name}`] : []),
  ];
  return `    use_backend ${name} if ${conditions.join(" ")}`;
}
