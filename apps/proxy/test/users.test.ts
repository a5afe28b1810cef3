import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareSync } from "bcryptjs";

import { parseService } from "../src/routes/parse";
import { toRoute } from "../src/routes/route";
import type { Parameters, User } from "../src/routes/service";
import { parseGlobalUsers } from "../src/routes/users";
import { APP1, cleanUp, PARSE, temporaryFolder } from "./support";

afterEach(cleanUp);

const HASH = "$6$salt$abcdefgh./XYZ";

function setUp(secrets: Record<string, string> = {}, globalUsers: readonly User[] = []) {
  const secretsDir = join(temporaryFolder(), "secrets");
  mkdirSync(secretsDir);
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(secretsDir, name), text);
  const options = { ...PARSE, users: { secretsDir, globalUsers } };
  return {
    options,
    usersOf: (parameters: Parameters): readonly User[] =>
      parseService({ ...APP1, ...parameters }, options).service.users,
  };
}

describe("users", () => {
  it("are hashed, each with another salt, and the same every time", () => {
    const { usersOf } = setUp();
    const [joe, ann] = usersOf({ users: "joe:secret, ann:secret" });
    expect([joe?.name, ann?.name]).toEqual(["joe", "ann"]);
    for (const user of [joe, ann]) {
      expect(user?.hash).toMatch(/^\$2b\$05\$/);
      expect(compareSync("secret", user?.hash ?? "")).toBe(true);
      expect(compareSync("Secret", user?.hash ?? "")).toBe(false);
    }
    expect(joe?.hash).not.toBe(ann?.hash);
    expect(usersOf({ users: "joe:secret" })).toEqual([joe]);
  });

  it("come with a colon, a comma's neighbour and blanks in the password as they can", () => {
    const [joe] = setUp().usersOf({ users: " joe : a:b c " });
    expect(compareSync("a:b c", joe?.hash ?? "")).toBe(true);
  });

  it("are taken as they are when they are encrypted", () => {
    expect(setUp().usersOf({ users: `joe:${HASH}`, usersPassEncrypted: "true" })).toEqual([
      { name: "joe", hash: HASH },
    ]);
  });

  it("come from a secret", () => {
    const { usersOf } = setUp({ dfp_users_staff: `joe:${HASH}\nann:${HASH}\n` });
    expect(usersOf({ usersSecret: "staff", usersPassEncrypted: "true" })).toEqual([
      { name: "joe", hash: HASH },
      { name: "ann", hash: HASH },
    ]);
  });

  it("get the password that they lack from the secret, or else from the global users", () => {
    const { usersOf } = setUp({ dfp_users_staff: `joe:${HASH}s` }, [
      { name: "joe", hash: `${HASH}g` },
    ]);
    const encrypted = { usersPassEncrypted: "true" };
    expect(usersOf({ users: "JOE", usersSecret: "staff", ...encrypted })).toEqual([
      { name: "JOE", hash: `${HASH}s` },
    ]);
    expect(usersOf({ users: "joe" })).toEqual([{ name: "joe", hash: `${HASH}g` }]);
    expect(() => usersOf({ users: "ann", usersSecret: "staff", ...encrypted })).toThrow(
      "no password in the secret dfp_users_staff for ann",
    );
  });

  it("are the global ones where a service has none", () => {
    const globalUsers = parseGlobalUsers(`root:${HASH}`, true);
    expect(setUp({}, globalUsers).usersOf({})).toEqual([{ name: "root", hash: HASH }]);
  });

  it.each(["users", "usersSecret"])("never show a password of %s in a refusal", (parameter) => {
    const { usersOf } = setUp({ dfp_users_staff: "joe:s3cret,b ad:s3cret" });
    const value = parameter === "users" ? "joe:s3cret,b ad:s3cret" : "staff";
    expect(() => usersOf({ [parameter]: value })).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining("s3cret") as string,
      }) as Error,
    );
    expect(() => usersOf({ users: "joe:s3cret", usersPassEncrypted: "true" })).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining("s3cret") as string,
      }) as Error,
    );
  });

  it("are kept as hashes that mean the same when they are read again", () => {
    const { options } = setUp({ dfp_users_staff: "ann:other" });
    const parameters = { ...APP1, users: "joe:s3cret,ann", usersSecret: "staff" };
    const { service } = parseService(parameters, options);
    const route = toRoute(service, parameters, "request");
    expect(JSON.stringify(route.parameters)).not.toMatch(/s3cret|other|staff/);
    expect(parseService(route.parameters, options).service.users).toEqual(service.users);
  });
});
