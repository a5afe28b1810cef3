import { lookup } from "node:dns/promises";

/** One proxy's control API. */
export interface ProxyTask {
  readonly address: string;
  readonly port: number;
  /**
   * Whether it is to pass on what it gets: where DNS gives a service's virtual address, any one proxy answers for it.
   */
  readonly distribute: boolean;
}

export type Resolve = (name: string) => Promise<readonly string[]>;

const DEFAULT_PORT = 8080;

export const resolveAll: Resolve = async (name) =>
  (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);

/**
 * All proxies behind the names, each once: `tasks.NAME` knows the tasks of a service, NAME what has it as an alias.
 * @param names `host` or `host:port`
 * @throws Error that names what DNS does not know; without a proxy nothing can be done
 */
export async function findProxies(
  names: readonly string[],
  resolve: Resolve = resolveAll,
): Promise<ProxyTask[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const [host = "", port] = name.split(":");
      const at = (addresses: readonly string[], distribute: boolean): ProxyTask[] =>
        addresses.map((address) => ({ address, port: Number(port ?? DEFAULT_PORT), distribute }));
      try {
        return at(await resolve(`tasks.${host}`), false);
      } catch {
        // Not the name of a service.
      }
      try {
        const addresses = await resolve(host);
        return at(addresses, addresses.length === 1);
      } catch {
        throw new Error(`no proxy is known as tasks.${host} or ${host}; is PROXY_ADDRESS right?`);
      }
    }),
  );
  const byAddress = new Map(found.flat().map((task) => [`${task.address}:${task.port}`, task]));
  return [...byAddress.values()];
}
