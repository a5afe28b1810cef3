import { parseAlgorithm } from "./algorithm";
import { isBlank } from "./destination";
import type { DestinationParameter, Looked, Reader } from "./parameters";
import type { ParseOptions } from "./parse";
import { refuse, shown } from "./refusal";
import {
  BALANCE_MODES,
  DOMAIN_ALGORITHMS,
  type Match,
  type NamePattern,
  type Stream,
} from "./service";
import { missing, parsePort, parseSeconds, parseTarget } from "./target";
import * as values from "./values";

/** Ports from the first to the last, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const PATTERNS: readonly Match[] = ["str", "beg", "dom", "end", "reg", "sub"];

/** They keep someone out, by HTTP: a route that left them aside would let everyone in. */
const HTTP_ONLY: readonly DestinationParameter[] = [
  "allowedMethods",
  "deniedMethods",
  "denyHttp",
  "httpsOnly",
  "httpsPort",
  "redirectFromDomain",
  "reqPathSearchReplace",
  "serviceHeader",
  "servicePathExclude",
  "sslVerifyNone",
  "userAgent",
  "verifyClientSsl",
];

/**
 * Reads one way into a service by TCP: `reqMode` tcp, or sni for TLS connections by the name that they ask for.
 * @throws Refusal
 */
export function parseStream(reader: Reader, index: number, options: ParseOptions): Stream {
  const mode = reader.get("reqMode", index).value.toLowerCase();
  const srcPort = parsePort(reader, "srcPort", index);
  const port = parsePort(reader, "port", index);
  if (srcPort === undefined || port === undefined) {
    return refuse(
      `with reqMode ${mode}, srcPort and port are mandatory: ${missing(srcPort === undefined ? "srcPort" : "port", index)}`,
    );
  }
  for (const name of HTTP_ONLY) {
    const { parameter, value } = reader.get(name, index);
    if (value !== "" && !/^(?:0|f|false)$/i.test(value)) {
      refuse(`${parameter} is for reqMode http only`);
    }
  }
  const names = parseNames(reader, index, mode, options);
  if (mode === "sni" && names.length === 0) {
    refuse("with reqMode sni, serviceDomain or servicePath is mandatory");
  }
  checkPort(srcPort, names.length > 0, options);
  const group = reader.get("serviceGroup", index);
  const balance = reader.get("balanceGroup", index);
  // The check is there whatever they ask for.
  reader.flag(reader.get("checkTcp", index));
  if (group.value !== "" && names.length > 0) {
    refuse(`${group.parameter} is for reqMode tcp without names only`);
  }
  return {
    ...parseTarget(reader, index, options),
    port,
    srcPort,
    names,
    timeoutClient: parseSeconds(reader.get("timeoutClient", index)),
    clientKeepAlive: reader.flag(reader.get("clitcpka", index)),
    group: group.value === "" ? undefined : values.group(group.parameter, group.value),
    balance:
      balance.value === ""
        ? undefined
        : values.oneOf(balance.parameter, balance.value, BALANCE_MODES),
  };
}

/**
 * The names are in serviceDomain or, as the original's documents have it for sni, in servicePath with a pathType
 * such as `req_ssl_sni -i -m reg`.
 */
function parseNames(
  reader: Reader,
  index: number,
  mode: string,
  { domainAlgorithm }: ParseOptions,
): NamePattern[] {
  const domain = reader.get("serviceDomain", index);
  const path = reader.get("servicePath", index);
  if (!isBlank(domain.value)) {
    const match = DOMAIN_ALGORITHMS[parseAlgorithm(reader, domainAlgorithm)];
    return reader.list(domain).map((item) => {
      const name = values.domain(domain.parameter, item);
      return name.startsWith("*") ? { match: "end", value: name.slice(1) } : { match, value: name };
    });
  }
  if (mode !== "sni") return [];
  const match = parsePathType(reader.get("pathType", index));
  return reader.list(path).map((item) => ({
    match,
    value:
      match === "reg"
        ? values.regularExpression(path.parameter, item)
        : values.nameFragment(path.parameter, item),
  }));
}

function parsePathType({ parameter, value }: Looked): Match {
  if (value === "") return "str";
  if (!/^req[._]ssl_sni(?: -i| -m [a-z]+){0,2}$/.test(value)) {
    refuse(
      `${parameter} must be req_ssl_sni, perhaps with -i and -m, for reqMode sni; got ${shown(value)}`,
    );
  }
  const [, word = "str"] = / -m ([a-z]+)/.exec(value) ?? [];
  return values.oneOf(`${parameter} -m`, word, PATTERNS);
}

/** The proxy's HTTP port is its own; TLS that nobody asks for by name ends on the HTTPS port as before. */
function checkPort(srcPort: number, byName: boolean, options: ParseOptions): void {
  const { httpPort, httpsPort, tcpPorts } = options;
  if (srcPort === httpsPort && byName) return;
  if (srcPort === httpPort || srcPort === httpsPort) {
    refuse(
      `srcPort: the proxy takes ${srcPort === httpPort ? "HTTP" : "HTTPS"} on ${srcPort}; choose another port`,
    );
  }
  if (tcpPorts.some(({ first, last }) => first <= srcPort && srcPort <= last)) return;
  const known = tcpPorts.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
  refuse(
    `srcPort: the proxy's service does not publish ${srcPort}; add it there and to TCP_PORTS, which has ${known.join(", ") || "no port"}`,
  );
}
