import { ACME_PATH } from "../routes/destination";
import type { Destination, Service } from "../routes/service";
import type { RenderOptions } from "./options";
import { quote } from "./quote";

function usersOf(service: Service): string {
  return `users-${service.name}`;
}

/** The list of a service's users; nothing where nobody is asked for a password. */
export function renderUsers(service: Service): string[] {
  if (service.closed !== undefined) return [];
  if (!service.destinations.some((destination) => asksForUsers(service, destination))) return [];
  return [
    `userlist ${usersOf(service)}`,
    ...service.users.map(({ name, hash }) => `    user ${quote(name)} password ${quote(hash)}`),
  ];
}

function asksForUsers({ users }: Service, { ignoreAuthorization }: Destination): boolean {
  return users.length > 0 && !ignoreAuthorization;
}

/** A backend's lines that say who may come in, and how: by TLS, by method, by password. */
export function renderAccess(
  service: Service,
  destination: Destination,
  options: RenderOptions,
): string[] {
  // Without a condition HAProxy would warn of every rule that follows.
  if (service.closed !== undefined) return ["    http-request deny if TRUE"];
  const { httpsOnly, denyHttp, verifyClientSsl, allowedMethods, deniedMethods } = destination;
  return [
    ...(httpsOnly === undefined
      ? []
      : [
          `    http-request redirect code ${httpsOnly} location ${httpsLocation("%[var(txn.host)]", options)} if !{ ssl_fc } !{ path_beg ${ACME_PATH}/ }`,
        ]),
    ...(denyHttp ? ["    http-request deny if !{ ssl_fc }"] : []),
    ...(verifyClientSsl ? ["    http-request deny unless { ssl_c_used } { ssl_c_verify 0 }"] : []),
    ...(allowedMethods.length > 0
      ? [`    http-request deny unless { method ${allowedMethods.join(" ")} }`]
      : []),
    ...(deniedMethods.length > 0
      ? [`    http-request deny if { method ${deniedMethods.join(" ")} }`]
      : []),
    ...(asksForUsers(service, destination)
      ? [
          `    http-request auth realm ${quote(`${service.name}Realm`)} unless { http_auth(${usersOf(service)}) }`,
          "    http-request del-header Authorization",
        ]
      : []),
  ];
}

/** The same path and query at a host by HTTPS, as a quoted log format. */
export function httpsLocation(host: string, { httpsPortPublic }: RenderOptions): string {
  return quote(`https://${host}${httpsPortPublic === 443 ? "" : `:${httpsPortPublic}`}%[pathq]`);
}
