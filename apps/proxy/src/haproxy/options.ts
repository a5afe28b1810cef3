/** HAProxy's timeouts, in seconds; named as the original's variables. */
export interface Timeouts {
  readonly connect: number;
  readonly client: number;
  readonly server: number;
  readonly queue: number;
  readonly tunnel: number;
  readonly httpRequest: number;
  readonly httpKeepAlive: number;
}

/** What haproxy.cfg depends on besides the routes; does not change while the proxy runs. */
export interface RenderOptions {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The HTTPS port that clients see, for redirects. */
  readonly httpsPortPublic: number;
  /** Addresses or networks that speak PROXY protocol to us, and nobody else may. */
  readonly edgeAddresses: readonly string[];
  /** Name server that resolves `tasks.NAME`, as address:port. */
  readonly resolver: string;
  readonly timeouts: Timeouts;
  /** Connections from clients at a time. */
  readonly maxConnections: number;
  /** The same from one address, so that one client cannot take them all. */
  readonly maxConnectionsPerClient: number;
  /** Seconds for which browsers are told to come by HTTPS only; 0 tells them nothing. */
  readonly hstsMaxAge: number;
  /** HAProxy's crt-list: what is served on the HTTPS port. */
  readonly certificateList: string;
  /** PEM file of the authorities that clients' certificates come from; absent, clients are asked for none. */
  readonly clientCaFile: string | undefined;
  /** Unix socket on which HAProxy tells its metrics. */
  readonly metricsSocket: string;
  readonly threads: number;
  /** Server states of the process before, so that a reload knows every task's address at once. */
  readonly stateFile: string;
}
