import { ACME_PATH, wantsHttps } from "./destination";
import { Reader } from "./parameters";
import { indicesOf, type ParseOptions } from "./parse";
import { Refusal } from "./refusal";
import type { Destination, Parameters, Service, User } from "./service";
import { parseUsers } from "./users";

/** Whom one way into a service keeps out. */
export interface Guard {
  /** One of these has to log in; nobody is asked when empty. */
  readonly users: readonly User[];
  /** Other methods are denied, unless empty. */
  readonly allowedMethods: readonly string[];
  readonly deniedMethods: readonly string[];
  readonly denyHttp: boolean;
  readonly httpsOnly: boolean;
  readonly verifyClientSsl: boolean;
}

/** By the index of the way in. */
export type Guards = ReadonlyMap<number, Guard>;

/** What a TCP route has: whoever connects gets in. */
const NONE: Guard = {
  users: [],
  allowedMethods: [],
  deniedMethods: [],
  denyHttp: false,
  httpsOnly: false,
  verifyClientSsl: false,
};

/** The guards of a service that was understood. */
export function guardsOf(service: Service): Guards {
  const ways = service.destinations.filter((one) => !isAcme(one));
  return new Map([
    ...ways.map((one) => [one.index, guardOf(service, one)] as const),
    ...service.streams.map(({ index }) => [index, NONE] as const),
  ]);
}

/** A certificate authority is asked for nothing, whatever the service asks of others. */
function isAcme({ paths }: Destination): boolean {
  return paths.every((path) => path.startsWith(ACME_PATH));
}

function guardOf({ users }: Service, destination: Destination): Guard {
  const { ignoreAuthorization, httpsOnly } = destination;
  return {
    ...destination,
    users: ignoreAuthorization ? [] : users,
    httpsOnly: httpsOnly !== undefined,
  };
}

/**
 * The guards that parameters ask for, whatever else is wrong with them; undefined where even that cannot be read, or cannot be had.
 */
export function askedGuards(parameters: Parameters, options: ParseOptions): Guards | undefined {
  const reader = new Reader(parameters, options.separator);
  const methods = (name: "allowedMethods" | "deniedMethods", index: number): string[] =>
    reader.list(reader.get(name, index)).map((method) => method.toUpperCase());
  try {
    const users = parseUsers(reader, parameters["serviceName"] ?? "", options.users);
    return new Map(
      indicesOf(parameters).map((index) => [
        index,
        {
          users: reader.flag(reader.get("ignoreAuthorization", index)) ? [] : users,
          allowedMethods: methods("allowedMethods", index),
          deniedMethods: methods("deniedMethods", index),
          denyHttp: reader.flag(reader.get("denyHttp", index)),
          httpsOnly: wantsHttps(reader, index, options),
          verifyClientSsl: reader.flag(reader.get("verifyClientSsl", index)),
        },
      ]),
    );
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Whether a service lets somebody in whom the guards that it asks for would keep out. */
export function isTooOpen(service: Service, asked: Guards | undefined): boolean {
  return [...guardsOf(service)].some(([index, guard]) => {
    if (asked === undefined) return true;
    const same = asked.get(index);
    // A way in that is no longer asked for must be no more open than those that are.
    return (same ? [same] : [...asked.values()]).some((other) => admitsMore(guard, other));
  });
}

function admitsMore(guard: Guard, asked: Guard): boolean {
  const { users, allowedMethods, deniedMethods } = asked;
  const isKnown = ({ name, hash }: User): boolean =>
    users.some((user) => user.name === name && user.hash === hash);
  return (
    (users.length > 0 && !(guard.users.length > 0 && guard.users.every(isKnown))) ||
    (allowedMethods.length > 0 &&
      !(guard.allowedMethods.length > 0 && isWithin(guard.allowedMethods, allowedMethods))) ||
    !isWithin(deniedMethods, guard.deniedMethods) ||
    (asked.denyHttp && !guard.denyHttp) ||
    (asked.httpsOnly && !guard.httpsOnly && !guard.denyHttp) ||
    (asked.verifyClientSsl && !guard.verifyClientSsl)
  );
}

function isWithin(some: readonly string[], all: readonly string[]): boolean {
  return some.every((one) => all.includes(one));
}
