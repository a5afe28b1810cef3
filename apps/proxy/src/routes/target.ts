import { isIP } from "node:net";

import type { DestinationParameter, Looked, Reader } from "./parameters";
import type { ParseOptions } from "./parse";
import { refuse, shown } from "./refusal";
import type { Destination, Stream } from "./service";
import * as values from "./values";

const DAY = 86_400;

/** What all ways into a service have in common, but for the port. @throws Refusal */
export function parseTarget(
  reader: Reader,
  index: number,
  { controlHosts }: Pick<ParseOptions, "controlHosts">,
): Pick<Destination & Stream, "index" | "host" | "timeoutServer" | "timeoutTunnel"> {
  return {
    index,
    host: parseHost(reader.get("outboundHostname", index), controlHosts),
    timeoutServer: parseSeconds(reader.get("timeoutServer", index)),
    timeoutTunnel: parseSeconds(reader.get("timeoutTunnel", index)),
  };
}

/** A port; undefined when the parameter is absent. @throws Refusal */
export function parsePort(
  reader: Reader,
  name: DestinationParameter,
  index: number,
): number | undefined {
  const { parameter, value } = reader.get(name, index);
  return value === "" ? undefined : values.integer(parameter, value, 1, 65_535);
}

/** A parameter's name with the suffix that it should have had. */
export function missing(name: DestinationParameter, index: number): string {
  return `${name}${index > 0 ? `.${index}` : ""} is mandatory`;
}

/** Seconds up to a day; undefined when the parameter is absent. @throws Refusal */
export function parseSeconds({ parameter, value }: Looked): number | undefined {
  return value === "" ? undefined : values.integer(parameter, value, 1, DAY);
}

/** The proxy's own addresses are not for others: its sockets trust who reaches them from within. Nor are its control network's. */
function parseHost(
  { parameter, value }: Looked,
  controlHosts: readonly string[],
): string | undefined {
  if (value === "") return undefined;
  const host = isIP(value) === 4 ? value : values.domain(parameter, value);
  if (host.startsWith("*")) refuse(`${parameter} must be one host, got a wildcard`);
  if (/^(?:127\.|0\.)|(?:^|\.)localhost$/.test(host)) {
    refuse(`${parameter} must not be the proxy itself`);
  }
  if (controlHosts.includes(host.replace(/^tasks\./, ""))) {
    refuse(`${parameter} must not be a host of the control network, got ${shown(value)}`);
  }
  return host;
}
