import { lstat, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { assemble, type Certificate } from "../certificate";
import { isMissing } from "../files";
import { type Log, reason } from "../log";

/**
 * certbot's files of one certificate, its «lineage»: `renewal/NAME.conf`, numbered files in `archive/NAME`, and links to
 * the newest in `live/NAME` (https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates).
 */

/** A certificate of certbot's, and the directory that it came from, where that is known. */
export interface Issued {
  readonly certificate: Certificate;
  readonly directoryUrl: string | undefined;
}

const KINDS = ["cert", "privkey", "chain", "fullchain"] as const;

/** The newest certificate in the archive whose parts are all there and belong together. */
export async function newestIssued(directory: string, name: string): Promise<Issued | undefined> {
  const archive = join(directory, "archive", name);
  const files = await list(archive);
  const versions = files
    .map((file) => Number(/^cert(\d+)\.pem$/.exec(file)?.[1]))
    .filter((version) => !Number.isNaN(version))
    .sort((a, b) => b - a);
  for (const version of versions) {
    const read = (kind: string): Promise<string> =>
      readFile(join(archive, `${kind}${version}.pem`), "utf8");
    try {
      const certificate = assemble(await read("cert"), await read("chain"), await read("privkey"));
      return { certificate, directoryUrl: await serverOf(directory, name) };
    } catch {
      // Half written: the one before is whole.
    }
  }
  return undefined;
}

/**
 * Puts a lineage aside that certbot could not go on with, as it was killed while it wrote. certbot would refuse to
 * touch it for ever, or go on under another name.
 */
export async function repair(directory: string, name: string, log: Log): Promise<void> {
  const flaw = await findFlaw(directory, name);
  if (flaw === undefined) return;
  const aside = join(directory, "companion", "set-aside", name);
  log.warn("a half-written certificate is put aside", { name, flaw, aside });
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const [from, to] of [
    [join("renewal", `${name}.conf`), "renewal.conf"],
    [join("live", name), "live"],
    [join("archive", name), "archive"],
  ] as const) {
    await rename(join(directory, from), join(aside, to)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** Why certbot could not go on with a lineage; undefined when it can, and when there is none. */
async function findFlaw(directory: string, name: string): Promise<string | undefined> {
  const conf = await readText(join(directory, "renewal", `${name}.conf`));
  const live = await list(join(directory, "live", name));
  const archive = await list(join(directory, "archive", name));
  if (conf === undefined && live.length === 0 && archive.length === 0) return undefined;
  if (conf === undefined) return "its configuration is missing";
  if (!KINDS.every((kind) => new RegExp(`^${kind} = `, "m").test(conf))) {
    return "its configuration is not complete";
  }
  if (live.some((file) => file.startsWith("previous_"))) return "its links were being changed";
  for (const kind of KINDS) {
    const link = join(directory, "live", name, `${kind}.pem`);
    try {
      if (!(await lstat(link)).isSymbolicLink()) return `${kind}.pem is not a link`;
      if ((await stat(link)).size === 0) return `${kind}.pem is empty`;
    } catch (error) {
      if (isMissing(error)) return `${kind}.pem is missing`;
      throw error;
    }
  }
  try {
    const read = (kind: string) => readFile(join(directory, "live", name, `${kind}.pem`), "utf8");
    assemble(await read("cert"), await read("chain"), await read("privkey"));
  } catch (error) {
    return reason(error);
  }
  return undefined;
}

/** Removes ACME accounts that were being written when certbot was killed: certbot would fail over them each time. */
export async function repairAccounts(directory: string, log: Log): Promise<void> {
  for (const entry of await list(join(directory, "accounts"), true)) {
    if (!/\/[0-9a-f]{32}$/.test(entry)) continue;
    const account = join(directory, "accounts", entry);
    const whole = await Promise.all(
      ["regr.json", "meta.json", "private_key.json"].map(async (file) => {
        const text = await readText(join(account, file));
        return text !== undefined && isJson(text);
      }),
    );
    if (whole.every(Boolean)) continue;
    log.warn("a half-written ACME account is removed", { account: entry });
    await rm(account, { recursive: true });
  }
}

async function serverOf(directory: string, name: string): Promise<string | undefined> {
  const conf = await readText(join(directory, "renewal", `${name}.conf`));
  return /^server = (\S+)$/m.exec(conf ?? "")?.[1];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function list(folder: string, recursive = false): Promise<string[]> {
  try {
    return await readdir(folder, { recursive });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
