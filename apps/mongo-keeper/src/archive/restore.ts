import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BSON, type Document, type MongoClient } from "mongodb";
import { hasCode } from "../set/client";
import { DRAFT, readArchive } from "./format";
import type { ArchiveEnd, ArchivedCollection } from "./format";

const NOT_IMPLEMENTED = 238;
const NAMESPACE_NOT_FOUND = 26;

/** What is sent at once, and so held in memory. */
const BATCH = { documents: 1_000, bytes: 4 * 1024 * 1024 };

/**
 * Restores an archive that comes once. It is kept in a file and read to its end first: of one that is not whole, nothing is
 * restored.
 * @param connect is called when the archive is known to be whole; left out, the archive is read only
 * @throws ArchiveError when it is not an archive, of another version, damaged, or cut off
 */
export async function restoreFrom(
  input: Readable,
  connect?: () => Promise<MongoClient>,
): Promise<ArchiveEnd> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  const file = join(folder, "archive");
  try {
    await pipeline(input, createWriteStream(file, { mode: 0o600 }));
    const end = await readArchive(createReadStream(file), { entry: () => undefined });
    if (!connect) return end;
    const client = await connect();
    try {
      return await restore(client, () => createReadStream(file));
    } finally {
      await client.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Makes the databases of an archive what they were: everything else in them goes. Collections are filled beside the present ones
 * and take their places when all are complete, so that one that is interrupted can simply be run again.
 * @param open the archive, which was read once and found whole
 */
export async function restore(client: MongoClient, open: () => Readable): Promise<ArchiveEnd> {
  const collections: ArchivedCollection[] = [];
  const databases = new Set<string>();
  let batch: Document[] = [];
  let bytes = 0;
  const flush = async () => {
    const current = collections.at(-1);
    if (batch.length > 0 && current) {
      await draftOf(client, current).insertMany(batch, { writeConcern: { w: "majority" } });
    }
    batch = [];
    bytes = 0;
  };

  const end = await readArchive(open(), {
    header: async (header) => {
      for (const database of header.databases) {
        databases.add(database);
        await dropDrafts(client, database);
      }
    },
    entry: async (entry) => {
      if ("document" in entry) {
        batch.push(entry.document);
        bytes += BSON.calculateObjectSize(entry.document);
        if (batch.length >= BATCH.documents || bytes >= BATCH.bytes) await flush();
        return;
      }
      await flush();
      collections.push(entry.collection);
      await beginDraft(client, entry.collection);
    },
  });
  await flush();

  for (const collection of collections) await putInPlace(client, collection);
  for (const database of databases) {
    const kept = collections.filter((c) => c.database === database).map(({ name }) => name);
    await dropOthers(client, database, kept);
  }
  return end;
}

const draftOf = (client: MongoClient, { database, name }: ArchivedCollection) =>
  client.db(database).collection(DRAFT + name);

async function beginDraft(client: MongoClient, collection: ArchivedCollection): Promise<void> {
  if (collection.type === "view") return;
  const database = client.db(collection.database);
  await database.command({ create: DRAFT + collection.name, ...collection.options });
  if (collection.indexes.length === 0) return;
  // As they were listed: the driver's own helper would take some options for others.
  await database.command({
    createIndexes: DRAFT + collection.name,
    indexes: [...collection.indexes],
  });
}

async function putInPlace(client: MongoClient, collection: ArchivedCollection): Promise<void> {
  const database = client.db(collection.database);
  if (collection.type === "view") {
    await dropIfThere(client, collection.database, collection.name);
    await database.command({ create: collection.name, ...collection.options });
    return;
  }
  const draft = draftOf(client, collection);
  // A view gives way to no collection.
  const [present] = await database.listCollections({ name: collection.name }).toArray();
  if (present?.type === "view") await dropIfThere(client, collection.database, collection.name);
  try {
    await draft.rename(collection.name, { dropTarget: true });
  } catch (error) {
    // The stand-in cannot do both at once.
    if (!hasCode(error, NOT_IMPLEMENTED)) throw error;
    await dropIfThere(client, collection.database, collection.name);
    await draft.rename(collection.name);
  }
}

async function dropIfThere(client: MongoClient, database: string, name: string): Promise<void> {
  try {
    await client.db(database).collection(name).drop();
  } catch (error) {
    if (!hasCode(error, NAMESPACE_NOT_FOUND)) throw error;
  }
}

async function dropDrafts(client: MongoClient, database: string): Promise<void> {
  for (const { name } of await client
    .db(database)
    .listCollections({}, { nameOnly: true })
    .toArray()) {
    if (name.startsWith(DRAFT)) await dropIfThere(client, database, name);
  }
}

async function dropOthers(
  client: MongoClient,
  database: string,
  kept: readonly string[],
): Promise<void> {
  for (const { name } of await client
    .db(database)
    .listCollections({}, { nameOnly: true })
    .toArray()) {
    if (!kept.includes(name) && !name.startsWith("system.")) {
      await dropIfThere(client, database, name);
    }
  }
}
