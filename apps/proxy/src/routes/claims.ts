import type { Destination, Service, Stream } from "./service";

/** What one service alone can have, and how a message names it. */
export interface Claim {
  /** Two claims with the same key are for the same requests. */
  readonly key: string;
  /** Services of one group share what they claim. */
  readonly group?: string;
  readonly shown: string;
}

const known = new WeakMap<Service, readonly Claim[]>();

/** All that a service claims: each domain with each path, each port, the requests that nobody else takes. */
export function claimsOf(service: Service): readonly Claim[] {
  const claims = known.get(service) ?? collect(service);
  known.set(service, claims);
  return claims;
}

function collect(service: Service): Claim[] {
  return [
    ...service.destinations.flatMap((destination) => claimPaths(service, destination)),
    ...service.streams.flatMap(claimPorts),
    ...(service.isDefaultBackend ? [{ key: "default", shown: "isDefaultBackend" }] : []),
  ];
}

/** Whoever asks for a header or an agent besides claims less than who does not, and another thing. */
function claimPaths(service: Service, destination: Destination): Claim[] {
  const { domains, paths, pathType, scheme = "any", headers, userAgents } = destination;
  const conditions = JSON.stringify([
    scheme,
    pathType,
    headers.map(({ name, value }) => [name.toLowerCase(), value]).sort(),
    [...userAgents].sort(),
  ]);
  return (domains.length === 0 ? [""] : domains).flatMap((domain) =>
    paths.map((path) => ({
      key: JSON.stringify([domain && service.domainAlgorithm, domain, path, conditions]),
      shown: `the path ${path} of ${domain === "" ? "any domain" : domain}`,
    })),
  );
}

function claimPorts({ srcPort, names, group }: Stream): Claim[] {
  if (names.length === 0) {
    return [{ key: `tcp ${srcPort}`, group, shown: `the port ${srcPort}` }];
  }
  return names.map(({ match, value }) => ({
    key: `tcp ${srcPort} ${match} ${value}`,
    shown: `the name ${value} on port ${srcPort}`,
  }));
}

/** Claims that somebody has. */
export class Claims {
  private readonly owners = new Map<string, { claim: Claim; owners: Set<string> }>();

  /** The first claim of a service that another one has, and who that is. */
  conflict(service: Service): { readonly claim: Claim; readonly owner: string } | undefined {
    for (const claim of claimsOf(service)) {
      const taken = this.owners.get(claim.key);
      if (taken === undefined) continue;
      if (claim.group !== undefined && claim.group === taken.claim.group) continue;
      const owner = [...taken.owners].find((name) => name !== service.name);
      if (owner !== undefined) return { claim, owner };
    }
    return undefined;
  }

  add(service: Service): void {
    for (const claim of claimsOf(service)) {
      const taken = this.owners.get(claim.key) ?? { claim, owners: new Set() };
      taken.owners.add(service.name);
      this.owners.set(claim.key, taken);
    }
  }
}
