/** Users and roles, kept in a file: as much of Elasticsearch's security API as logging needs. */
import { createHash, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

export interface User {
  readonly name: string;
  readonly roles: readonly string[];
}

export interface Role {
  readonly cluster?: readonly string[];
  readonly indices?: readonly {
    readonly names: readonly string[];
    readonly privileges: readonly string[];
  }[];
}

interface Account {
  readonly roles: readonly string[];
  readonly salt: string;
  readonly hash: string;
}

interface Stored {
  readonly users: Record<string, Account>;
  readonly roles: Record<string, Role>;
}

/** The one that may do everything; its password comes from outside. */
export const SUPERUSER = "elastic";
/** There from the beginning, as in Elasticsearch, without a password until it is given one. */
export const RESERVED = "kibana_system";

export class Users {
  private readonly file: string;
  private readonly stored: Stored;
  /** Credentials that were right, by their digest: each request carries them, and scrypt is slow on purpose. */
  private readonly known = new Map<string, User>();
  private readonly superuser: Account;

  constructor(file: string, password: string) {
    this.file = file;
    this.stored = read(file);
    this.superuser = { roles: ["superuser"], ...hashed(password) };
  }

  /** Who sent this `Authorization` header, or undefined when it is not right. */
  authenticate(authorization: string | undefined): User | undefined {
    const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1];
    if (encoded === undefined) return undefined;
    const digest = createHash("sha256").update(encoded).digest("hex");
    const before = this.known.get(digest);
    if (before) return before;
    const [, name = "", password = ""] =
      /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    const account = name === SUPERUSER ? this.superuser : this.stored.users[name];
    if (!account || !matches(account, password)) return undefined;
    const user = { name, roles: account.roles };
    this.known.set(digest, user);
    return user;
  }

  user(name: string): User | undefined {
    const account = this.stored.users[name];
    if (account) return { name, roles: account.roles };
    return name === RESERVED ? { name, roles: [RESERVED] } : undefined;
  }

  /** @returns whether the user is new */
  setUser(name: string, password: string | undefined, roles: readonly string[]): boolean {
    const before = this.stored.users[name];
    if (password === undefined && !before)
      throw new Error("password must be specified unless you are updating an existing user");
    const secret = password === undefined ? (before as Account) : hashed(password);
    this.stored.users[name] = { roles, salt: secret.salt, hash: secret.hash };
    this.save();
    return before === undefined;
  }

  role(name: string): Role | undefined {
    return this.stored.roles[name];
  }

  /** @returns whether the role is new */
  setRole(name: string, role: Role): boolean {
    const isNew = this.stored.roles[name] === undefined;
    this.stored.roles[name] = role;
    this.save();
    return isNew;
  }

  private save(): void {
    this.known.clear();
    writeFileSync(`${this.file}.new`, JSON.stringify(this.stored), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

const hashed = (password: string, salt = randomBytes(16).toString("hex")) => ({
  salt,
  hash: scryptSync(password, salt, 32).toString("hex"),
});

const matches = (account: Account, password: string): boolean =>
  timingSafeEqual(
    Buffer.from(hashed(password, account.salt).hash, "hex"),
    Buffer.from(account.hash, "hex"),
  );

function read(file: string): Stored {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { users: {}, roles: {} };
    throw error;
  }
}
