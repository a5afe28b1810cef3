import { parseHeaderConditions } from "./headers";
import type { Looked, Reader } from "./parameters";
import type { ParseOptions } from "./parse";
import { Refusal, refuse, shown } from "./refusal";
import { parseRewrite, parseRewrites } from "./rewrite";
import {
  type Destination,
  PATH_TYPES,
  type PathType,
  REDIRECT_CODES,
  type RedirectCode,
  type Rewrite,
} from "./service";
import { missing, parsePort, parseTarget } from "./target";
import * as values from "./values";

/** Where a certificate authority looks for the answer to its challenge (RFC 8555, 8.3). */
export const ACME_PATH = "/.well-known/acme-challenge";

/** A pair of quotes that a shell would have removed (`serviceDomain=''` in a compose file) is an empty value. */
export function isBlank(value: string): boolean {
  return value === "" || value === "''" || value === '""';
}

/**
 * Reads one way into a service by HTTP: one destination, or two where `httpsPort` has another port for requests by TLS.
 * @throws Refusal: 409 when it has neither path nor domain, as in the original, 400 for all else
 */
export function parseDestination(
  reader: Reader,
  index: number,
  options: ParseOptions,
): Destination[] {
  const servicePath = reader.get("servicePath", index);
  const serviceDomain = reader.get("serviceDomain", index);
  if (servicePath.value === "" && isBlank(serviceDomain.value)) {
    throw new Refusal(409, "with reqMode http, servicePath or serviceDomain is mandatory");
  }
  const port = parsePort(reader, "port", index);
  const httpsPort = parsePort(reader, "httpsPort", index);
  const srcPort = parseSrcPort(reader.get("srcPort", index), options);
  const srcHttpsPort = parseSrcPort(reader.get("srcHttpsPort", index), options);
  if (srcHttpsPort === "http") {
    refuse(`srcHttpsPort must be the proxy's HTTPS port, ${options.httpsPort}`);
  }
  if (srcHttpsPort !== undefined && httpsPort === undefined) refuse("srcHttpsPort needs httpsPort");

  const shared = { ...parseTarget(reader, index, options), ...parseShared(reader, index, options) };
  const destinations: Destination[] = [];
  if (port !== undefined) {
    const scheme = srcPort ?? (httpsPort === undefined ? undefined : "http");
    destinations.push({ ...shared, port, scheme, isHttpsTwin: false });
  }
  if (httpsPort !== undefined) {
    destinations.push({ ...shared, port: httpsPort, scheme: "https", isHttpsTwin: true });
  }
  if (destinations.length === 0) refuse(missing("port", index));
  return destinations;
}

function parseShared(
  reader: Reader,
  index: number,
  options: ParseOptions,
): Omit<Destination, "index" | "port" | "scheme" | "isHttpsTwin"> {
  const pathType = parsePathType(reader.get("pathType", index));
  const paths = parsePaths(reader, reader.get("servicePath", index), pathType);
  const isAcme = paths.length > 0 && paths.every((path) => path.startsWith(ACME_PATH));
  const serviceDomain = reader.get("serviceDomain", index);
  const domains = isBlank(serviceDomain.value) ? [] : parseDomains(reader, serviceDomain);
  const verifyClientSsl = reader.get("verifyClientSsl", index);
  if (reader.flag(verifyClientSsl) && !options.clientCa) {
    refuse(`${verifyClientSsl.parameter} needs a CA in CA_FILE of the proxy`);
  }
  const healthPath = reader.get("healthPath", index);
  return {
    paths: paths.length > 0 ? paths : ["/"],
    pathType: paths.length > 0 ? pathType : "path_beg",
    excludedPaths: parsePaths(reader, reader.get("servicePathExclude", index), pathType),
    domains,
    headers: parseHeaderConditions(reader, reader.get("serviceHeader", index)),
    userAgents: reader
      .list(reader.get("userAgent", index))
      .map((agent) => values.userAgent("userAgent", agent)),
    healthPath: isBlank(healthPath.value)
      ? undefined
      : values.path(healthPath.parameter, healthPath.value),
    allowedMethods: parseMethods(reader, reader.get("allowedMethods", index)),
    deniedMethods: parseMethods(reader, reader.get("deniedMethods", index)),
    denyHttp: reader.flag(reader.get("denyHttp", index)),
    httpsOnly: isAcme ? undefined : parseRedirect(reader, index, options),
    // A certificate authority has no password.
    ignoreAuthorization: isAcme || reader.flag(reader.get("ignoreAuthorization", index)),
    verifyClientSsl: reader.flag(verifyClientSsl),
    tls: reader.flag(reader.get("sslVerifyNone", index)),
    redirectFrom: parseRedirectFrom(reader, index, domains),
    rewrites: parseAllRewrites(reader, index),
  };
}

function parsePathType({ parameter, value }: Looked): PathType {
  return value === "" ? "path_beg" : values.oneOf(parameter, value, PATH_TYPES);
}

function parsePaths(reader: Reader, looked: Looked, type: PathType): string[] {
  const read = {
    path: values.path,
    path_beg: values.path,
    path_dir: values.path,
    path_dom: values.pathFragment,
    path_end: values.pathFragment,
    path_reg: values.regularExpression,
    path_sub: values.pathFragment,
  }[type];
  return reader.list(looked).map((path) => read(looked.parameter, path));
}

function parseDomains(reader: Reader, looked: Looked): string[] {
  return reader.list(looked).map((name) => values.domain(looked.parameter, name));
}

function parseMethods(reader: Reader, looked: Looked): string[] {
  return reader.list(looked).map((method) => values.method(looked.parameter, method));
}

/** `redirectWhenHttpProto` and `redirectUnlessHttpsProto` ask for the same: the proxy itself says what the scheme is. */
function parseRedirect(
  reader: Reader,
  index: number,
  options: ParseOptions,
): RedirectCode | undefined {
  const { parameter, value } = reader.get("httpsRedirectCode", index);
  const codes = REDIRECT_CODES.map(String);
  const code = value === "" ? 302 : Number(values.oneOf(parameter, value, codes));
  const wanted = wantsHttps(reader, index, options);
  return wanted ? REDIRECT_CODES.find((known) => known === code) : undefined;
}

/** Whether requests without TLS are redirected, if these are not for a certificate authority. @throws Refusal */
export function wantsHttps(
  reader: Reader,
  index: number,
  { httpsOnly }: Pick<ParseOptions, "httpsOnly">,
): boolean {
  const flags = [
    reader.get("httpsOnly", index),
    reader.get("redirectWhenHttpProto"),
    reader.get("redirectUnlessHttpsProto"),
  ].map((looked) => reader.flag(looked));
  return httpsOnly || flags.includes(true);
}

function parseRedirectFrom(reader: Reader, index: number, domains: readonly string[]): string[] {
  const looked = reader.get("redirectFromDomain", index);
  if (looked.value === "") return [];
  if (domains[0] === undefined || domains[0].startsWith("*")) {
    refuse(`${looked.parameter} redirects to the first serviceDomain, which must be one name`);
  }
  const names = parseDomains(reader, looked);
  const own = names.find((name) => domains.includes(name));
  if (own !== undefined) {
    refuse(`${looked.parameter} would redirect ${shown(own)} to itself; it is a serviceDomain`);
  }
  return names;
}

function parseAllRewrites(reader: Reader, index: number): Rewrite[] {
  const search = reader.get("reqPathSearch").value;
  const replace = reader.get("reqPathReplace").value;
  if (search === "" && replace !== "") refuse("reqPathReplace needs reqPathSearch");
  return [
    ...(search === "" ? [] : [parseRewrite("reqPathSearch and reqPathReplace", search, replace)]),
    ...parseRewrites(reader.get("reqPathSearchReplace", index)),
  ];
}

/** @throws Refusal for a port that the proxy does not take HTTP on */
function parseSrcPort(
  { parameter, value }: Looked,
  { httpPort, httpsPort }: ParseOptions,
): "http" | "https" | undefined {
  if (value === "") return undefined;
  const port = values.integer(parameter, value, 1, 65_535);
  if (port === httpPort) return "http";
  if (port === httpsPort) return "https";
  return refuse(
    `${parameter}: this proxy takes HTTP on ${httpPort} and ${httpsPort} only, not on ${port}`,
  );
}
