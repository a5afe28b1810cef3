import { lookup } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";

import type { Parameters, Service } from "../routes/service";
import { isWithin } from "./addresses";

/** What hosts are compared with. */
export interface HostsOptions {
  /** The network of the control APIs, the listener's and the companion's; undefined where none is set apart. */
  readonly controlSubnet: string | undefined;
  /** This proxy's own. */
  readonly ownAddresses: () => readonly string[];
  /** All addresses of a name; rejects when it does not resolve. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** Milliseconds that a name server may take. */
  readonly timeoutMs?: number;
}

/** Networks that are the proxy itself, whatever its addresses. */
const LOOPBACK = ["127.0.0.0/8", "0.0.0.0/8"];

/**
 * Knows where services' `outboundHostname`s lead, as the proxy stands in networks that its clients do not: towards what
 * is on the control network, a route would be a way around its fence.
 */
export class Hosts {
  /** The address by which a host must not be led to, as of the last look. */
  private readonly forbidden = new Map<string, string>();

  constructor(private readonly options: HostsOptions) {}

  /** Looks where hosts lead. One that does not resolve, or not in time, leads nowhere yet; it is looked at again. */
  async look(hosts: Iterable<string>): Promise<void> {
    await Promise.all(
      [...new Set(hosts)].map(async (host) => {
        const address = (await this.resolve(host)).find((one) => this.isForbidden(one));
        if (address === undefined) this.forbidden.delete(host);
        else this.forbidden.set(host, address);
      }),
    );
  }

  /** Why a service must not be routed, as of the last look; undefined when it may. */
  complaint(service: Service): string | undefined {
    const host = hostsOf(service).find((one) => this.forbidden.has(one));
    return (
      host &&
      `outboundHostname: ${host} is ${this.forbidden.get(host)}, which is the proxy itself or in its control network`
    );
  }

  private isForbidden(address: string): boolean {
    const { controlSubnet, ownAddresses } = this.options;
    const networks = controlSubnet === undefined ? LOOPBACK : [...LOOPBACK, controlSubnet];
    return (
      networks.some((network) => isWithin(address, network)) || ownAddresses().includes(address)
    );
  }

  private async resolve(host: string): Promise<readonly string[]> {
    const { resolve = resolveAll, timeoutMs = 2_000 } = this.options;
    const patience = new AbortController();
    try {
      return await Promise.race([
        resolve(host),
        sleep(timeoutMs, [], { signal: patience.signal, ref: false }),
      ]);
    } catch {
      return [];
    } finally {
      patience.abort();
    }
  }
}

/** The hosts outside of a service that its requests go to. */
export function hostsOf({ destinations, streams }: Service): string[] {
  return [
    ...new Set(
      [...destinations, ...streams].flatMap(({ host }) => (host === undefined ? [] : [host])),
    ),
  ];
}

/** The same of parameters that nobody has read yet. */
export function namedHosts(parameters: Parameters): string[] {
  return Object.entries(parameters)
    .filter(([name, value]) => /^outboundHostname(?:\.\d+)?$/.test(name) && value !== "")
    .map(([, value]) => value.toLowerCase());
}

async function resolveAll(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);
}
