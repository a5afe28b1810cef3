/** The way a destination compares a request's path with its servicePath values (HAProxy's names). */
export const PATH_TYPES = [
  "path_beg",
  "path",
  "path_dir",
  "path_dom",
  "path_end",
  "path_reg",
  "path_sub",
] as const;
export type PathType = (typeof PATH_TYPES)[number];

/** How a name is compared, HAProxy's `-m`. */
export type Match = "str" | "beg" | "dom" | "end" | "reg" | "sub";

/** The way a service compares a request's host with its serviceDomain values: name → HAProxy's match. */
export const DOMAIN_ALGORITHMS = {
  "hdr(host)": "str",
  "hdr_beg(host)": "beg",
  "hdr_dom(host)": "dom",
  "hdr_end(host)": "end",
  "hdr_sub(host)": "sub",
  "req.ssl_sni": "str",
} as const satisfies Record<string, Match>;
export type DomainAlgorithm = keyof typeof DOMAIN_ALGORITHMS;

export const CONNECTION_MODES = ["http-keep-alive", "http-server-close", "httpclose"] as const;
export type ConnectionMode = (typeof CONNECTION_MODES)[number];

export const COMPRESSION_ALGORITHMS = ["identity", "gzip", "deflate", "raw-deflate"] as const;
export type CompressionAlgorithm = (typeof COMPRESSION_ALGORITHMS)[number];

export const BALANCE_MODES = ["roundrobin", "static-rr", "leastconn", "first", "source"] as const;
export type BalanceMode = (typeof BALANCE_MODES)[number];

/** Codes of a redirect to HTTPS. */
export const REDIRECT_CODES = [301, 302, 303, 307, 308] as const;
export type RedirectCode = (typeof REDIRECT_CODES)[number];

/** A header and its value. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** What is done to the headers of every request or response of a service. */
export interface HeaderChange {
  readonly of: "request" | "response";
  readonly action: "add" | "set" | "del";
  readonly name: string;
  /** Literal text, with `%[…]` where `HEADER_EXPRESSIONS` knows it; empty for `del`. */
  readonly value: string;
  /** Only for requests that came by this scheme. */
  readonly scheme?: "http" | "https";
}

/** A regular expression and what takes the place of its first match. */
export interface Rewrite {
  readonly search: string;
  readonly replace: string;
}

/** Who may come in; the password only as crypt(3) made it. */
export interface User {
  readonly name: string;
  readonly hash: string;
}

/** What all ways into a service have in common. */
interface Target {
  /** 0 for parameters without a suffix, else the suffix's number. */
  readonly index: number;
  /** The port the service's tasks listen on. */
  readonly port: number;
  /** A host outside of the service that requests go to instead of the service's tasks. */
  readonly host?: string;
  /** Seconds. */
  readonly timeoutServer?: number;
  /** Seconds. */
  readonly timeoutTunnel?: number;
}

/** One way into a service for HTTP: which requests, to which port. */
export interface Destination extends Target {
  /** At least one; each starts with a slash unless the type says otherwise. */
  readonly paths: readonly string[];
  readonly pathType: PathType;
  /** Compared as `paths` are. */
  readonly excludedPaths: readonly string[];
  /** Lower case, perhaps with a leading `*`; none means any host. */
  readonly domains: readonly string[];
  /** Requests that came by this scheme only; by any when absent. */
  readonly scheme?: "http" | "https";
  /** Made by `httpsPort`: the twin of the destination with the same index for requests that came by TLS. */
  readonly isHttpsTwin: boolean;
  /** Headers that a request must have. */
  readonly headers: readonly Header[];
  /** One of these is in the request's User-Agent; any agent when empty. */
  readonly userAgents: readonly string[];
  /** Readiness path asked of every task; a TCP connect is the check when absent. */
  readonly healthPath?: string;
  /** When not empty, other methods are denied. */
  readonly allowedMethods: readonly string[];
  readonly deniedMethods: readonly string[];
  /** Requests without TLS are denied. */
  readonly denyHttp: boolean;
  /** Requests without TLS are redirected to HTTPS with this code. */
  readonly httpsOnly?: RedirectCode;
  readonly ignoreAuthorization: boolean;
  /** Clients need a certificate that the CA of CA_FILE has signed. */
  readonly verifyClientSsl: boolean;
  /** The tasks speak TLS; their certificates are not verified. */
  readonly tls: boolean;
  /** Requests for these domains are redirected to the first of `domains`. */
  readonly redirectFrom: readonly string[];
  readonly rewrites: readonly Rewrite[];
}

/** A pattern for the name that a TLS client asks for. */
export interface NamePattern {
  readonly match: Match;
  /** Lower case unless it is a regular expression. */
  readonly value: string;
}

/** One way into a service for TCP connections. */
export interface Stream extends Target {
  /** The proxy's port that the connections come in on. */
  readonly srcPort: number;
  /** TLS connections for these names, which are passed on as they are; all connections when empty. */
  readonly names: readonly NamePattern[];
  /** Seconds. */
  readonly timeoutClient?: number;
  /** TCP keep-alive towards clients. */
  readonly clientKeepAlive: boolean;
  /** Services of one group on one port share its connections. */
  readonly group?: string;
  readonly balance?: BalanceMode;
}

/** A Swarm service that requests are routed to. Made by `parseService` only, so its values are safe to render. */
export interface Service {
  readonly name: string;
  /** Rules are ordered by it; the service's name unless given. */
  readonly aclName: string;
  readonly hasOwnAclName: boolean;
  /** Absent for a global service. */
  readonly replicas?: number;
  /** When the service was created, in nanoseconds since 1970. */
  readonly createdAt?: bigint;
  readonly domainAlgorithm: DomainAlgorithm;
  readonly isDefaultBackend: boolean;
  readonly destinations: readonly Destination[];
  readonly streams: readonly Stream[];
  readonly headers: readonly HeaderChange[];
  readonly compression?: {
    readonly algorithm: CompressionAlgorithm;
    /** Media types; all when empty. */
    readonly types: readonly string[];
  };
  readonly connectionMode?: ConnectionMode;
  /** Sessions stay with the task that they began with, by a cookie. */
  readonly sticky: boolean;
  /** Requests need one of these; nobody is asked when empty. */
  readonly users: readonly User[];
  /** Why nobody is let in: what the service asks for since keeps out whom this would let in, and cannot be had. */
  readonly closed?: string;
}

/** Request parameters, as a query string or the listener's JSON carries them. */
export type Parameters = Readonly<Record<string, string>>;
