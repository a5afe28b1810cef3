/** Asks for a password, answers the security API itself, and passes everything else on to OpenSearch. */
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";
import { isAllowed } from "./rights.ts";
import { RESERVED, type User, type Users } from "./users.ts";

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

const NAME = "([A-Za-z0-9_.@-]{1,64})";
const USER = new RegExp(`^/_security/user/${NAME}$`);
const PASSWORD = new RegExp(`^/_security/user/${NAME}/_password$`);
const ROLE = new RegExp(`^/_security/role/${NAME}$`);
/** What rsyslog asks: whether to send, and what it sends. */
const RSYSLOG = /^(?:(?:\/[^/]+)?\/_bulk|\/_cat\/health)$/;
const LONGEST_BODY = 64 * 1024;

export function createFront(users: Users, upstream: Upstream): Server {
  return createServer((incoming, response) => {
    const path = new URL(incoming.url ?? "/", "http://front").pathname;
    const method = incoming.method ?? "GET";
    const user = users.authenticate(incoming.headers.authorization);
    const isRsyslog = RSYSLOG.test(path);
    if (!user) {
      if (isRsyslog) return hangUp(response);
      response.setHeader("WWW-Authenticate", 'Basic realm="security", charset="UTF-8"');
      return fail(
        response,
        401,
        "security_exception",
        `missing or wrong credentials for [${path}]`,
      );
    }
    const roles = user.roles.flatMap((role) => users.role(role) ?? []);
    if (!isAllowed(user, roles, method, path)) {
      if (isRsyslog) return hangUp(response);
      return fail(
        response,
        403,
        "security_exception",
        `[${method} ${path}] is unauthorized for user [${user.name}]`,
      );
    }
    if (!path.startsWith("/_security/")) return pass(incoming, response, upstream, isRsyslog);
    security(users, user, method, path, incoming).then(
      ([status, body]) => answer(response, status, body),
      (error: unknown) =>
        fail(
          response,
          400,
          "parse_exception",
          error instanceof Error ? error.message : String(error),
        ),
    );
  });
}

type Answer = readonly [status: number, body: unknown];

async function security(
  users: Users,
  user: User,
  method: string,
  path: string,
  incoming: IncomingMessage,
): Promise<Answer> {
  const writes = method === "PUT" || method === "POST";
  if (path === "/_security/_authenticate")
    return [200, { username: user.name, roles: user.roles, enabled: true }];

  const named = USER.exec(path)?.[1];
  if (named !== undefined && method === "GET") {
    const found = users.user(named);
    return found
      ? [200, { [named]: { username: named, roles: found.roles, enabled: true } }]
      : [404, {}];
  }
  if (named !== undefined && writes) {
    if (named === RESERVED)
      throw new Error(`user [${named}] is reserved: only its password can be changed`);
    const body = await json(incoming);
    return [200, { created: users.setUser(named, passwordOf(body), list(body["roles"], "roles")) }];
  }
  const changed = PASSWORD.exec(path)?.[1];
  if (changed !== undefined && writes) {
    const found = users.user(changed);
    if (!found)
      return [
        404,
        {
          error: {
            type: "validation_exception",
            reason: `user must exist in order to change password`,
          },
          status: 404,
        },
      ];
    users.setUser(changed, passwordOf(await json(incoming)), found.roles);
    return [200, {}];
  }
  const role = ROLE.exec(path)?.[1];
  if (role !== undefined && method === "GET") {
    const found = users.role(role);
    return found ? [200, { [role]: found }] : [404, {}];
  }
  if (role !== undefined && writes) {
    return [200, { role: { created: users.setRole(role, await json(incoming)) } }];
  }
  return [
    400,
    {
      error: {
        type: "illegal_argument_exception",
        reason: `the stand-in for Elasticsearch does not know [${method} ${path}]`,
      },
      status: 400,
    },
  ];
}

function passwordOf(body: Record<string, unknown>): string | undefined {
  const { password } = body;
  if (password === undefined) return undefined;
  if (typeof password !== "string" || password.length < 6)
    throw new Error("passwords must be at least [6] characters long");
  return password;
}

function list(value: unknown, key: string): string[] {
  if (!Array.isArray(value) || !value.every((part) => typeof part === "string"))
    throw new Error(`[${key}] must be a list of names`);
  return value;
}

async function json(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the body must be an object");
  return value as Record<string, unknown>;
}

function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  upstream: Upstream,
  isRsyslog: boolean,
): void {
  const headers = { ...incoming.headers };
  delete headers.authorization;
  const outgoing = request(
    { ...upstream, method: incoming.method, path: incoming.url, headers },
    (answered) => {
      if (isRsyslog && answered.statusCode !== 200) return hangUp(response);
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      pipeline(answered, response, () => undefined);
    },
  );
  outgoing.on("error", (error) => {
    if (isRsyslog) hangUp(response);
    else if (!response.headersSent)
      fail(response, 503, "connect_exception", `OpenSearch does not answer: ${error.message}`);
    else response.destroy();
  });
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/**
 * The way to refuse a bulk request as a whole: rsyslog, which sends most of them here, throws the documents away when
 * it gets any answer, and keeps them when the connection fails. It takes any answer for good health, too: told so of a server
 * that takes nothing, it would try again at once and for ever, with a line about it each time.
 */
function hangUp(response: ServerResponse): void {
  response.socket?.destroy();
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": bytes.length,
  });
  response.end(bytes);
}

const fail = (response: ServerResponse, status: number, type: string, reason: string): void =>
  answer(response, status, { error: { root_cause: [{ type, reason }], type, reason }, status });
