import { createHash } from "node:crypto";

import type { Parameters, Service } from "./service";
import type { Route, Source } from "./table";
import { usersParameter } from "./users";

/** A route, with the passwords in its parameters replaced by what was made of them. */
export function toRoute(service: Service, parameters: Parameters, source: Source): Route {
  return {
    service,
    parameters: withoutPasswords(parameters, service),
    digest: digestOf(parameters),
    source,
    heardOfAt: BigInt(Date.now()) * 1_000_000n,
  };
}

function withoutPasswords(parameters: Parameters, { users }: Service): Parameters {
  const { users: named, usersSecret, ...others } = parameters;
  if (!named && !usersSecret) return parameters;
  return { ...others, users: usersParameter(users), usersPassEncrypted: "true" };
}

/** Digest of what the parameters say of the route, whatever their order. */
export function digestOf({ distribute: _, ...parameters }: Parameters): string {
  const text = JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash("sha256").update(text).digest("base64");
}
