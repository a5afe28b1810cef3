/** The way a destination compares a request's path with its servicePath values (HAProxy's names). */
export const PATH_TYPES = ["path_beg", "path", "path_dir", "path_end", "path_sub"] as const;
export type PathType = (typeof PATH_TYPES)[number];

/** The way a service compares a request's host with its serviceDomain values: name → HAProxy match. */
export const DOMAIN_ALGORITHMS = {
  "hdr(host)": "str",
  "hdr_beg(host)": "beg",
  "hdr_dom(host)": "dom",
  "hdr_end(host)": "end",
} as const;
export type DomainAlgorithm = keyof typeof DOMAIN_ALGORITHMS;

/** One way into a service: which requests, to which port. */
export interface Destination {
  /** 0 for parameters without a suffix, else the suffix's number. */
  readonly index: number;
  /** The port the service's tasks listen on. */
  readonly port: number;
  /** At least one; each starts with a slash. */
  readonly paths: readonly string[];
  readonly pathType: PathType;
  /** Lower case, perhaps with a leading `*`; none means any host. */
  readonly domains: readonly string[];
  /** The proxy's own port that these requests come in on; any when absent. */
  readonly srcPort?: number;
  /** Readiness path asked of every task; a TCP connect is the check when absent. */
  readonly healthPath?: string;
  /** Seconds. */
  readonly timeoutServer?: number;
  /** Seconds. */
  readonly timeoutTunnel?: number;
}

/** A Swarm service that requests are routed to. Made by `parseService` only, so its values are safe to render. */
export interface Service {
  readonly name: string;
  /** Rules are ordered by it; the service's name unless given. */
  readonly aclName: string;
  readonly hasOwnAclName: boolean;
  /** Absent for a global service. */
  readonly replicas?: number;
  readonly domainAlgorithm: DomainAlgorithm;
  readonly isDefaultBackend: boolean;
  readonly destinations: readonly Destination[];
}

/** Request parameters, as a query string or the listener's JSON carries them. */
export type Parameters = Readonly<Record<string, string>>;
