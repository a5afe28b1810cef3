/** A URL to call, and how. */
export interface Call {
  readonly url: URL;
  readonly method: string;
}

/** A receiver of notifications: all URLs on one host, which have to be called in order. */
export interface Endpoint {
  readonly host: string;
  readonly create: readonly Call[];
  readonly remove: readonly Call[];
}

/** The URLs of one kind and their methods; the last method serves the URLs that have none. */
export interface Urls {
  readonly urls: readonly URL[];
  readonly methods: readonly string[];
}

/** Groups the configured URLs by host. */
export function endpointsOf(create: Urls, remove: Urls): Endpoint[] {
  const calls = ({ urls, methods }: Urls): Call[] =>
    urls.map((url, i) => ({ url, method: methods[i] ?? methods.at(-1) ?? "GET" }));
  const creates = calls(create);
  const removes = calls(remove);
  const hosts = new Set([...creates, ...removes].map(({ url }) => url.host));
  return [...hosts].map((host) => ({
    host,
    create: creates.filter(({ url }) => url.host === host),
    remove: removes.filter(({ url }) => url.host === host),
  }));
}
