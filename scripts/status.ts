/**
 * Prints what the proxies say of themselves (routes, services without their route, certificates), what the companion says of the
 * certificates that it has not got, and how logging is. JSON lines on stdin: one of each proxy, of the companion, of the log's keeper, and of
 * each task that sends log lines itself.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { columns } from "./columns";

/** What a proxy answers to `GET /v1/docker-flow-proxy/status`, as far as it is shown. */
export interface ProxyStatus {
  readonly routes: readonly Route[];
  readonly refused: readonly { readonly serviceName: string; readonly reason: string }[];
  readonly certificates: readonly Certificate[];
}

interface Route {
  readonly serviceName: string;
  /** Why the route denies everyone; absent where it does not. */
  readonly closed?: string;
  readonly ServiceDest: readonly Destination[];
}

interface Destination {
  readonly Port: string;
  readonly ReqMode: string;
  readonly ServiceDomain?: readonly string[];
  readonly ServicePath?: readonly string[];
  /** Of TCP and SNI routes: the port that the proxy listens on. */
  readonly SrcPort?: number;
}

interface Certificate {
  readonly name: string;
  readonly domains: readonly string[];
  /** Null where it could not be read, as the three after it. */
  readonly notAfter: string | null;
  readonly daysLeft: number | null;
  readonly issuer: string | null;
  readonly fingerprint: string | null;
  /** Why it is not served; absent when it is. */
  readonly error?: string;
  /** `self-signed` is what a proxy made itself, for as long as it has no other. */
  readonly source: string;
}

/** A proxy, and what it answers; null where it does not. */
export interface ProxyAnswer {
  readonly manager: string;
  readonly status: ProxyStatus | null;
}

/** What the companion answers to `GET /v1/letsencrypt-companion/status`, as far as it is shown. */
export interface CompanionStatus {
  /** What a person should look at, a sentence each. */
  readonly problems: readonly string[];
  readonly certificates: readonly Ordered[];
}

interface Ordered {
  readonly name: string;
  /** `valid` needs nobody's attention. */
  readonly state: string;
  readonly failures: number;
  /** ISO 8601. */
  readonly nextAttempt: string;
  readonly waitingFor?: string;
  readonly lastError?: {
    readonly message: string;
    readonly domains: readonly { readonly domain: string; readonly detail: string }[];
  };
}

/** The companion, on the manager where it runs, and what it answers; null where it does not. */
export interface CompanionAnswer {
  readonly manager: string;
  readonly companion: CompanionStatus | null;
}

/** The log's keeper, and what it says of logging; null where it does not answer. */
export interface KeeperAnswer {
  readonly logKeeper: { readonly state: string; readonly reason: string } | null;
}

/** A task that sends log lines itself, and what it says at `/health/ready`; null where it does not answer. */
export interface LoggerAnswer {
  readonly task: string;
  readonly ready: {
    /** Lines that wait to be sent, that were dropped, and that were written again. */
    readonly logs?: { readonly waiting: number; readonly dropped: number; readonly resent: number };
  } | null;
}

/** Routes, refusals and certificates as tables; what the proxies do not agree on is said of each. */
export function describe(answers: readonly ProxyAnswer[]): string {
  const silent = answers.filter(({ status }) => status === null).map(({ manager }) => manager);
  const speaking = answers.flatMap(({ manager, status }) => (status ? [{ manager, status }] : []));
  const parts = [
    ...agreeing("ROUTES", speaking, routesOf, routeTable),
    ...agreeing("REFUSED", speaking, ({ refused }) => refused, refusedTable),
    ...agreeing("CERTIFICATES", speaking, certificatesOf, certificateTable),
    ...(silent.length > 0 ? [`The proxy does not answer on ${silent.join(", ")}`] : []),
    ...(answers.length === 0 ? ["No proxy runs"] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Certificates that are not as they should be, why, and when they are ordered next; nothing where no companion runs. */
export function describeOrders(answers: readonly CompanionAnswer[]): string {
  return answers
    .map(({ manager, companion }) =>
      companion === null
        ? `\nThe letsencrypt-companion does not answer on ${manager}\n`
        : `\nORDERS\n${orderTable(companion.certificates)}\n${others(companion)}`,
    )
    .join("");
}

/** How logging is, and the lines of each task that sends some; nothing where the stack has no logging. */
export function describeLogs(
  keepers: readonly KeeperAnswer[],
  loggers: readonly LoggerAnswer[],
): string {
  const said = keepers.map(({ logKeeper }) =>
    logKeeper ? `${logKeeper.state}: ${logKeeper.reason}` : "its keeper does not answer",
  );
  if (said.length === 0) return "";
  const rows = loggers.map(({ task, ready }) => {
    const { waiting = "-", dropped = "-", resent = "-" } = ready?.logs ?? {};
    return [task, String(waiting), String(dropped), String(resent)];
  });
  const table = listing(["TASK", "LINES WAITING", "DROPPED", "SENT AGAIN"], rows);
  return `\nLOGS\n${said.join("\n")}\n${table}\n`;
}

const orderTable = (certificates: readonly Ordered[]): string =>
  listing(
    ["NAME", "STATE", "FAILURES", "NEXT ATTEMPT", "WHY"],
    certificates
      .filter(({ state }) => state !== "valid")
      .map((one) => [one.name, one.state, String(one.failures), one.nextAttempt, whyOf(one)]),
  );

const whyOf = ({ waitingFor, lastError }: Ordered): string =>
  [
    ...(waitingFor === undefined ? [] : [waitingFor]),
    ...(lastError === undefined ? [] : [lastError.message]),
    ...(lastError?.domains ?? []).map(({ domain, detail }) => `${domain}: ${detail}`),
  ].join("; ") || "not ordered yet";

/** The problems that are no certificate's of those in the table, such as a proxy's. */
const others = ({ problems, certificates }: CompanionStatus): string =>
  problems
    .filter((problem) => !certificates.some(({ name }) => problem.startsWith(`${name} `)))
    .map((problem) => `${problem}\n`)
    .join("");

/** One table where all say the same, and else one for each proxy. */
function agreeing<T>(
  title: string,
  answers: readonly { readonly manager: string; readonly status: ProxyStatus }[],
  part: (status: ProxyStatus) => readonly T[],
  table: (entries: readonly T[]) => string,
): string[] {
  const [first, ...others] = answers.map(({ status }) => part(status));
  if (first === undefined) return [];
  if (others.every((other) => isDeepStrictEqual(first, other))) {
    return [`${title}\n${table(first)}`];
  }
  return answers.map(({ manager, status }) => {
    return `${title} of the proxy on ${manager}; the proxies differ\n${table(part(status))}`;
  });
}

/** By name, and without what proxies may well have heard in another way and order. */
const routesOf = ({ routes }: ProxyStatus): readonly Route[] =>
  routes
    .map(({ serviceName, closed, ServiceDest }) => ({ serviceName, closed, ServiceDest }))
    .sort((a, b) => a.serviceName.localeCompare(b.serviceName));

/** Without those that each proxy made for itself. */
const certificatesOf = ({ certificates }: ProxyStatus): readonly Certificate[] =>
  certificates.filter(({ source }) => source !== "self-signed");

function routeTable(routes: readonly Route[]): string {
  const rows = routes.flatMap(({ serviceName, closed, ServiceDest }) =>
    ServiceDest.map((one) => [
      closed === undefined ? serviceName : `${serviceName} (denies everyone)`,
      one.ServiceDomain?.join(" ") || "any",
      one.ServicePath?.join(" ") ?? `${one.ReqMode} port ${one.SrcPort}`,
      one.Port,
    ]),
  );
  return listing(["SERVICE", "DOMAINS", "PATHS", "PORT"], rows);
}

const refusedTable = (refused: ProxyStatus["refused"]): string =>
  listing(
    ["SERVICE", "REASON"],
    refused.map(({ serviceName, reason }) => [serviceName, reason]),
  );

const certificateTable = (certificates: readonly Certificate[]): string =>
  listing(
    ["NAME", "DOMAINS", "DAYS LEFT", "UNTIL", "ISSUER"],
    certificates.map(({ name, domains, daysLeft, notAfter, issuer, error }) => [
      name,
      domains.join(" "),
      daysLeft === null ? "-" : String(Math.floor(daysLeft)),
      notAfter ?? "-",
      error === undefined ? (issuer ?? "-") : `not served: ${error}`,
    ]),
  );

/** As `docker service ls` shows them: sorted, and aligned with three spaces and more in between. */
function listing(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "none";
  const sorted = [...rows].sort((a, b) => a.join("\t").localeCompare(b.join("\t")));
  return columns([heading, ...sorted], "   ");
}

if (require.main === module) {
  const lines = readFileSync(0, "utf8").split("\n");
  const answers = lines
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ProxyAnswer | CompanionAnswer | KeeperAnswer | LoggerAnswer);
  const proxies = answers.filter((answer) => "status" in answer);
  const companions = answers.filter((answer) => "companion" in answer);
  const keepers = answers.filter((answer) => "logKeeper" in answer);
  const loggers = answers.filter((answer) => "ready" in answer);
  const logs = describeLogs(keepers, loggers);
  process.stdout.write(`\n${describe(proxies)}${describeOrders(companions)}${logs}`);
}
