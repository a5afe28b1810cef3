import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newestIssued, repair, repairAccounts } from "../src/acme/lineage";
import { createLog } from "../src/log";
import { type Files, fingerprintOf, TestCa, writeLineage } from "./support";

const NAME = "a.example";
const SERVER = "https://ca.example/dir";
const ca = new TestCa();
const [first, second] = [ca.issue([NAME]), ca.issue([NAME])] as [Files, Files];
const log = createLog(() => undefined);
let directory: string;
const at = (...path: string[]): string => join(directory, ...path);
const newest = async (): Promise<string | undefined> =>
  (await newestIssued(directory, NAME))?.certificate.fingerprint;

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "companion-lineage-"))));
afterEach(() => rmSync(directory, { recursive: true }));
afterAll(() => ca.remove());

test("the newest certificate is found, and where it came from", async () => {
  expect(await newestIssued(directory, NAME)).toBeUndefined();
  writeLineage(directory, { name: NAME }, first, SERVER);
  writeLineage(directory, { name: NAME }, second, SERVER);
  expect(await newest()).toBe(fingerprintOf(second));
  expect((await newestIssued(directory, NAME))?.directoryUrl).toBe(SERVER);
});

test("the tenth is newer than the ninth", async () => {
  for (let i = 0; i < 9; i++) writeLineage(directory, { name: NAME }, first, SERVER);
  writeLineage(directory, { name: NAME }, second, SERVER);
  expect(await newest()).toBe(fingerprintOf(second));
});

test.each<[string, (files: Files) => void]>([
  ["its key is missing", () => rmSync(at("archive", NAME, "privkey2.pem"))],
  [
    "its key is the one before",
    () => writeFileSync(at("archive", NAME, "privkey2.pem"), first.privkey),
  ],
  [
    "its certificate is half written",
    () => writeFileSync(at("archive", NAME, "cert2.pem"), second.cert.slice(0, 200)),
  ],
])("a certificate is not taken when %s: the one before is", async (_, damage) => {
  writeLineage(directory, { name: NAME }, first, SERVER);
  writeLineage(directory, { name: NAME }, second, SERVER);
  damage(second);
  expect(await newest()).toBe(fingerprintOf(first));
});

test("a lineage that is whole is left alone", async () => {
  writeLineage(directory, { name: NAME }, first, SERVER);
  await repair(directory, NAME, log);
  expect(existsSync(at("companion", "set-aside"))).toBe(false);
  expect(await newest()).toBe(fingerprintOf(first));
});

const live = (kind: string): string => at("live", NAME, `${kind}.pem`);
test.each<[string, () => void]>([
  ["without its configuration", () => rmSync(at("renewal", `${NAME}.conf`))],
  ["with an empty configuration", () => writeFileSync(at("renewal", `${NAME}.conf`), "")],
  ["without a link", () => rmSync(live("chain"))],
  ["with a link on nothing", () => rmSync(at("archive", NAME, "cert1.pem"))],
  ["with an empty file", () => writeFileSync(live("fullchain"), "")],
  ["while links are changed", () => symlinkSync("x", at("live", NAME, "previous_cert.pem"))],
  ["with links on two versions", () => writeFileSync(live("privkey"), second.privkey)],
  [
    "with nothing but an archive",
    () => {
      rmSync(at("renewal", `${NAME}.conf`));
      rmSync(at("live", NAME), { recursive: true });
    },
  ],
  [
    "with nothing but a configuration",
    () => {
      rmSync(at("archive"), { recursive: true });
      rmSync(at("live"), { recursive: true });
    },
  ],
])("a lineage %s is put aside, twice if need be", async (_, damage) => {
  for (let i = 0; i < 2; i++) {
    writeLineage(directory, { name: NAME }, first, SERVER);
    damage();
    await repair(directory, NAME, log);
    for (const path of [at("renewal", `${NAME}.conf`), at("live", NAME), at("archive", NAME)]) {
      expect({ path, exists: existsSync(path) }).toEqual({ path, exists: false });
    }
  }
});

test("another lineage is not touched", async () => {
  writeLineage(directory, { name: NAME }, first, SERVER);
  writeLineage(directory, { name: "b.example" }, second, SERVER);
  rmSync(at("renewal", "b.example.conf"));
  await repair(directory, NAME, log);
  expect(existsSync(at("archive", "b.example", "cert1.pem"))).toBe(true);
});

test("an ACME account that is half written goes, one that is whole stays", async () => {
  const account = (id: string): string => at("accounts", "ca.example", "dir", id.repeat(32));
  for (const id of ["a", "b", "c"]) {
    mkdirSync(account(id), { recursive: true });
    for (const file of ["regr", "meta", "private_key"]) {
      writeFileSync(join(account(id), `${file}.json`), "{}");
    }
  }
  rmSync(join(account("b"), "meta.json"));
  writeFileSync(join(account("c"), "regr.json"), "");
  await repairAccounts(directory, log);
  expect(["a", "b", "c"].map((id) => existsSync(account(id)))).toEqual([true, false, false]);
});
