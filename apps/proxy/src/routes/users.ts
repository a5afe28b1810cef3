import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hashSync } from "bcryptjs";

import type { Reader } from "./parameters";
import { refuse } from "./refusal";
import type { User } from "./service";

/** Where users and their passwords come from besides a service's labels. */
export interface UserSources {
  /** Docker's secrets; `usersSecret=X` is the file `dfp_users_X` there. */
  readonly secretsDir: string;
  /** The original's USERS: for services without users of their own. */
  readonly globalUsers: readonly User[];
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

/**
 * 2^5 rounds: HAProxy computes the hash anew for every request, in the thread that serves all others as well, and this takes it
 * about 2 ms. Who can read the hash is inside the proxy already.
 */
const COST = "05";

const NAME = /^[A-Za-z0-9_.@-]{1,64}$/;
/** What crypt(3) makes: `$id$…`. */
const HASH = /^\$(?:1|2[abxy]|5|6|7|y|gy|sha1)\$[A-Za-z0-9./$=]{1,200}$/;
const SECRET = /^[A-Za-z0-9_.-]{1,64}$/;
/** bcrypt reads no more than these. */
const MAX_PASSWORD_BYTES = 72;

/**
 * The users of a service, as the original merges them: those of `users`; where one has no password there, that of `usersSecret`,
 * or without such a secret that of the global users; all of the secret where `users` is absent. Answers hashes only.
 * @throws Refusal where the original locks everyone out: a user without a password, a secret that is not there
 */
export function parseUsers(reader: Reader, service: string, sources: UserSources): User[] {
  const encrypted = reader.flag(reader.get("usersPassEncrypted"));
  const { value } = reader.get("users");
  const secret = reader.get("usersSecret").value;
  const stored = secret === "" ? undefined : readSecret(secret, sources.secretsDir);
  const fromSecret = (): User[] =>
    hashAll(readCredentials("usersSecret", stored ?? ""), "usersSecret", service, encrypted);
  if (value === "") return stored === undefined ? [...sources.globalUsers] : fromSecret();

  const others = stored === undefined ? sources.globalUsers : fromSecret();
  const named = readCredentials("users", value).map((user): User => {
    if (user.password !== "") return toUser(user, "users", service, encrypted);
    const known = others.find(({ name }) => name.toLowerCase() === user.name.toLowerCase());
    const where = stored === undefined ? "USERS" : `the secret dfp_users_${secret}`;
    return {
      name: user.name,
      hash: known?.hash ?? refuse(`users: no password in ${where} for ${user.name}`),
    };
  });
  return unique("users", named);
}

/** Reads the original's USERS. @throws Error that names the variable */
export function parseGlobalUsers(value: string, encrypted: boolean): User[] {
  return hashAll(readCredentials("USERS", value), "USERS", "", encrypted);
}

/** Users as a `users` parameter with `usersPassEncrypted=true` that means the same. */
export function usersParameter(users: readonly User[]): string {
  return users.map(({ name, hash }) => `${name}:${hash}`).join("\n");
}

function hashAll(
  credentials: readonly Credentials[],
  parameter: string,
  service: string,
  encrypted: boolean,
): User[] {
  if (credentials.length === 0) refuse(`${parameter} names nobody`);
  return unique(
    parameter,
    credentials.map((user) => toUser(user, parameter, service, encrypted)),
  );
}

/** Credentials never stand in a message: only the user's name does, once it is known to be one. */
function readCredentials(parameter: string, text: string): Credentials[] {
  return text
    .split(/[\n,]/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const colon = part.indexOf(":");
      const name = (colon < 0 ? part : part.slice(0, colon)).trim();
      if (!NAME.test(name)) {
        refuse(`${parameter}: a user's name may have letters, digits and _ . @ - only`);
      }
      return { name, password: colon < 0 ? "" : part.slice(colon + 1).trim() };
    });
}

function toUser(
  { name, password }: Credentials,
  parameter: string,
  service: string,
  encrypted: boolean,
): User {
  if (password === "") refuse(`${parameter}: ${name} has no password`);
  if (encrypted) {
    if (!HASH.test(password)) {
      refuse(
        `${parameter}: the password of ${name} is not encrypted as usersPassEncrypted says; mkpasswd -m sha-512 does it`,
      );
    }
    return { name, hash: password };
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    refuse(`${parameter}: the password of ${name} is longer than ${MAX_PASSWORD_BYTES} bytes`);
  }
  return { name, hash: hash(password, `${service}\n${name}`) };
}

const hashes = new Map<string, string>();

/**
 * The same text makes the same hash, or each look at the listener's list would change the configuration; the salt differs from
 * user to user, which is what salt is for. Hashes are remembered by digest, so that the same look costs nothing.
 */
function hash(password: string, owner: string): string {
  const key = createHash("sha256").update(`${owner}\n${password}`).digest("base64");
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const made = hashSync(password, `$2b$${COST}$${salt(owner)}`);
  hashes.set(key, made);
  return made;
}

/** 22 characters of bcrypt's alphabet; the last one carries two bits only. */
function salt(owner: string): string {
  const text = createHash("sha256").update(`salt of ${owner}`).digest("base64");
  return `${text.replaceAll("+", ".").slice(0, 21)}e`;
}

function unique(parameter: string, users: readonly User[]): User[] {
  const names = new Set<string>();
  for (const { name } of users) {
    if (names.has(name)) refuse(`${parameter} names ${name} twice`);
    names.add(name);
  }
  return [...users];
}

function readSecret(secret: string, secretsDir: string): string {
  if (!SECRET.test(secret)) {
    refuse("usersSecret is the end of a secret's name: letters, digits and _ . - only");
  }
  const file = `dfp_users_${secret}`;
  try {
    return readFileSync(join(secretsDir, file), "utf8");
  } catch {
    return refuse(`usersSecret: the proxy has no secret ${file}; give it one of that name`);
  }
}
