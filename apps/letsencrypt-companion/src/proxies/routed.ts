import { randomBytes } from "node:crypto";
import { CHALLENGE_PATH, type ChallengeServer } from "../challenge";
import { reason } from "../log";
import { send } from "../request";
import type { ProxyTask } from "./find";

export interface RouteOptions {
  readonly find: () => Promise<readonly ProxyTask[]>;
  /** The port where proxies take the CA's requests. */
  readonly httpPort: number;
  readonly challenges: Pick<ChallengeServer, "offer" | "withdraw">;
}

/** Says why the CA's questions for these names would not reach the companion; undefined when they would. */
export type CheckRoute = (domains: readonly string[]) => Promise<string | undefined>;

/**
 * Asks every proxy what the CA will ask it, before there is an order: a validation that fails for want of a route would
 * count against the CA's limits. The CA may come to any proxy, so all have to have the route.
 */
export function routeCheck({ find, httpPort, challenges }: RouteOptions): CheckRoute {
  return async (domains) => {
    const token = `probe-${randomBytes(16).toString("hex")}`;
    const content = randomBytes(16).toString("hex");
    challenges.offer(token, content);
    try {
      const proxies = await find();
      const checks = proxies.flatMap(({ address }) =>
        domains.map(async (domain): Promise<string | undefined> => {
          const path = `${CHALLENGE_PATH}${token}`;
          const where = `the proxy at ${address} does not route ${CHALLENGE_PATH} of ${domain} here`;
          try {
            const call = { host: address, port: httpPort, path, headers: { Host: domain } };
            const { status, text } = await send(call);
            if (status === 200 && text === content) return undefined;
            return `${where}: it answered ${status}`;
          } catch (error) {
            return `${where}: ${reason(error)}`;
          }
        }),
      );
      return (await Promise.all(checks)).find((complaint) => complaint !== undefined);
    } catch (error) {
      return reason(error);
    } finally {
      challenges.withdraw(token);
    }
  };
}
