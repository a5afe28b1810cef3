/**
 * The archive: gzip of lines of JSON, in MongoDB's canonical Extended JSON
 * (mongodb.com/docs/manual/reference/mongodb-extended-json), which keeps every type.
 *
 *   {"format":"swarm-mongo-archive","version":1,…}      once, first
 *   {"collection":{"database":…,"name":…,…}}            followed by its documents
 *   {"document":{…}}
 *   {"end":{"collections":n,"documents":n,"sha256":…}}  once, last; of all lines before it
 */
import { createHash, type Hash } from "node:crypto";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream";
import { Readable, type Writable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { BSON, type Document } from "mongodb";

const { EJSON } = BSON;

export const FORMAT = "swarm-mongo-archive";
export const VERSION = 1;
/** A collection that is being restored is filled under its name with this before it. */
export const DRAFT = "restoring_";

export interface ArchiveHeader {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** The replica set that it was taken of. */
  readonly set: string;
  /** RFC 3339. */
  readonly taken: string;
  /** `snapshot`: as of one moment. `none`: the server has no snapshots, so documents may be of different moments. */
  readonly consistency: "snapshot" | "none";
  readonly databases: readonly string[];
}

export interface ArchivedCollection {
  readonly database: string;
  readonly name: string;
  readonly type: "collection" | "view";
  /** As `create` takes them. */
  readonly options: Document;
  /** As `createIndexes` takes them, without the one on `_id`. */
  readonly indexes: readonly Document[];
}

export interface ArchiveEnd {
  readonly collections: number;
  readonly documents: number;
  /** In hexadecimal digits, of all lines before, with their ends. */
  readonly sha256: string;
}

export type ArchiveEntry =
  { readonly collection: ArchivedCollection } | { readonly document: Document };

/** What was read is not an archive that can be restored. */
export class ArchiveError extends Error {}

/**
 * Writes a whole archive and ends `output`.
 * @returns its last line
 */
export async function writeArchive(
  output: Writable,
  header: ArchiveHeader,
  entries: AsyncIterable<ArchiveEntry>,
): Promise<ArchiveEnd> {
  const hash = createHash("sha256");
  let end: ArchiveEnd | undefined;
  async function* lines(): AsyncGenerator<string> {
    yield take(hash, JSON.stringify(header));
    let collections = 0;
    let documents = 0;
    for await (const entry of entries) {
      if ("collection" in entry) collections += 1;
      else documents += 1;
      yield take(hash, EJSON.stringify(entry, { relaxed: false }));
    }
    end = { collections, documents, sha256: hash.digest("hex") };
    yield `${JSON.stringify({ end })}\n`;
  }
  await new Promise<void>((resolve, reject) => {
    pipeline(Readable.from(lines()), createGzip(), output, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  if (!end) throw new Error("an archive without an end");
  return end;
}

function take(hash: Hash, text: string): string {
  const line = `${text}\n`;
  hash.update(line);
  return line;
}

export interface ArchiveVisitor {
  header?(header: ArchiveHeader): void | Promise<void>;
  entry(entry: ArchiveEntry): void | Promise<void>;
}

/**
 * Reads a whole archive, and shows what is in it before it is known to be whole.
 * @throws ArchiveError when it is not an archive, of another version, damaged, or cut off
 */
export async function readArchive(input: Readable, visitor: ArchiveVisitor): Promise<ArchiveEnd> {
  const hash = createHash("sha256");
  const counts = { collections: 0, documents: 0 };
  let header: ArchiveHeader | undefined;
  let end: ArchiveEnd | undefined;
  try {
    for await (const line of linesOf(input)) {
      if (end) throw new ArchiveError("is damaged: there is something behind its end");
      if (!header) {
        header = checkHeader(parse(line, JSON.parse));
        await visitor.header?.(header);
      } else if (line.startsWith('{"end":')) {
        end = parse(line, JSON.parse)["end"] as ArchiveEnd;
        continue;
      } else {
        // Not relaxed: a 64-bit number must not become a double.
        const value = parse(line, (text) => EJSON.parse(text, { relaxed: false }) as unknown);
        if ("collection" in value) counts.collections += 1;
        else if ("document" in value && counts.collections > 0) counts.documents += 1;
        else throw new ArchiveError(`is damaged: a line of it is none of version ${VERSION}`);
        await visitor.entry(value as unknown as ArchiveEntry);
      }
      hash.update(`${line}\n`);
    }
  } catch (error) {
    throw isZlib(error) ? unreadable(error, header !== undefined) : error;
  }
  if (!header) throw new ArchiveError("is empty");
  if (!end) throw new ArchiveError("is cut off: its end is missing");
  const sha256 = hash.digest("hex");
  const isWhole =
    end.sha256 === sha256 &&
    end.collections === counts.collections &&
    end.documents === counts.documents;
  if (!isWhole) throw new ArchiveError("is damaged: its content does not match its checksum");
  return end;
}

async function* linesOf(input: Readable): AsyncGenerator<string> {
  const plain = createGunzip();
  let failure: Error | undefined;
  pipeline(input, plain, (error) => {
    failure = error ?? undefined;
  });
  const reader = createInterface({ input: plain, crlfDelay: Infinity });
  // readline ends silently where its input fails.
  plain.on("error", (error) => {
    failure = error;
    reader.close();
  });
  for await (const line of reader) yield line;
  if (failure) throw failure;
}

function parse(line: string, decode: (text: string) => unknown): Document {
  try {
    const value = decode(line);
    if (value !== null && typeof value === "object") return value;
  } catch {
    // said below
  }
  throw new ArchiveError("is damaged, or no archive of this program: a line of it is not JSON");
}

function checkHeader(value: Document): ArchiveHeader {
  if (value["format"] !== FORMAT) throw new ArchiveError("is no archive of this program");
  if (value["version"] !== VERSION) {
    const got = String(value["version"]);
    throw new ArchiveError(`is of version ${got}; this program reads version ${VERSION}`);
  }
  return value as unknown as ArchiveHeader;
}

const isZlib = (error: unknown): boolean =>
  /^Z_/.test(String((error as NodeJS.ErrnoException | undefined)?.code));

function unreadable(error: unknown, begun: boolean): ArchiveError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR") return new ArchiveError("is cut off: its end is missing");
  return new ArchiveError(
    begun ? `is damaged: ${message}` : "is no archive of this program, or damaged",
  );
}
