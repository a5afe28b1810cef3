import { MongoClient, type Document } from "mongodb";
import type { AppUser } from "./config";
import type { Members } from "./set/client";
import { ErrorCode, hasCode } from "./set/client";

interface FoundUser {
  readonly user: string;
  readonly roles: readonly { readonly role: string; readonly db: string }[];
}

/**
 * Makes the applications' users what they should be, on the member that takes writes. A password is changed by a new user
 * beside the old one, which goes only when it is no longer wanted; so no request is ever refused.
 */
export class Users {
  /** Users whose password was tried and found right: it comes from a file that does not change while this runs. */
  private readonly proven = new Set<string>();

  constructor(
    private readonly members: Members,
    private readonly wanted: readonly AppUser[],
    private readonly options: { readonly setName: string; readonly answerMs: number },
  ) {}

  /**
   * Idempotent.
   * @param roles whether the server knows roles
   * @returns what was changed, a sentence each
   */
  async ensure(host: string, { roles }: { readonly roles: boolean }): Promise<string[]> {
    const done: string[] = [];
    const databases = new Set(this.wanted.map(({ database }) => database));
    for (const database of databases) {
      const answer = await this.members.change(host, database, { usersInfo: 1 });
      const found = answer["users"] as readonly FoundUser[];
      const wanted = this.wanted.filter((user) => user.database === database);
      for (const user of wanted) {
        const old = found.find(({ user: name }) => name === user.name);
        done.push(...(await this.ensureOne(host, user, old, roles)));
      }
      const isOurs = (name: string) => new RegExp(`^${database}-\\d+$`).test(name);
      for (const { user: name } of found) {
        if (!isOurs(name) || wanted.some((user) => user.name === name)) continue;
        await this.members.change(host, database, {
          dropUser: name,
          writeConcern: { w: "majority" },
        });
        done.push(`removed the user ${name}`);
      }
    }
    return done;
  }

  private async ensureOne(
    host: string,
    user: AppUser,
    found: FoundUser | undefined,
    hasRoles: boolean,
  ): Promise<string[]> {
    const roles = hasRoles ? [{ role: "readWrite", db: user.database }] : [];
    const rights = { roles, writeConcern: { w: "majority" } };
    const secret = { pwd: user.password, mechanisms: ["SCRAM-SHA-256"] };
    if (!found) {
      await this.members.change(host, user.database, {
        createUser: user.name,
        ...secret,
        ...rights,
      });
      return [`made the user ${user.name}`];
    }
    const done: string[] = [];
    if (hasRoles && !sameRoles(found.roles, roles)) {
      await this.members.change(host, user.database, { updateUser: user.name, ...rights });
      done.push(`gave the user ${user.name} the role readWrite alone`);
    }
    if (!this.proven.has(user.name)) {
      if (!(await this.canLogIn(host, user))) {
        await this.members.change(host, user.database, {
          updateUser: user.name,
          ...secret,
          ...(hasRoles ? { writeConcern: { w: "majority" } } : {}),
        });
        done.push(`gave the user ${user.name} its password`);
      }
      this.proven.add(user.name);
    }
    return done;
  }

  private async canLogIn(host: string, user: AppUser): Promise<boolean> {
    const client = new MongoClient(`mongodb://${host}/`, {
      auth: { username: user.name, password: user.password },
      authSource: user.database,
      authMechanism: "SCRAM-SHA-256",
      directConnection: true,
      serverSelectionTimeoutMS: this.options.answerMs,
      connectTimeoutMS: this.options.answerMs,
    });
    try {
      await client.connect();
      return true;
    } catch (error) {
      if (hasCode(error, ErrorCode.AuthenticationFailed)) return false;
      throw error;
    } finally {
      await client.close(true).catch(() => undefined);
    }
  }
}

const sameRoles = (a: readonly Document[], b: readonly Document[]): boolean =>
  a.length === b.length &&
  a.every((role) =>
    b.some((other) => other["role"] === role["role"] && other["db"] === role["db"]),
  );
