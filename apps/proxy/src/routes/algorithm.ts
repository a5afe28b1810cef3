import type { Reader } from "./parameters";
import { DOMAIN_ALGORITHMS, type DomainAlgorithm } from "./service";
import { oneOf } from "./values";

const ALGORITHMS = Object.keys(DOMAIN_ALGORITHMS) as DomainAlgorithm[];

/** How a service's domains are compared. @throws Refusal */
export function parseAlgorithm(reader: Reader, fallback: DomainAlgorithm): DomainAlgorithm {
  // An older spelling, which the original still takes.
  if (reader.flag(reader.get("serviceDomainMatchAll"))) return "hdr_dom(host)";
  const { parameter, value } = reader.get("serviceDomainAlgo");
  return value === "" ? fallback : oneOf(parameter, value, ALGORITHMS);
}
