import type { Document, MongoClient } from "mongodb";
import type { Readable } from "node:stream";
import { hasCode } from "../set/client";
import { DRAFT, readArchive } from "./format";
import type { ArchiveEnd, ArchivedCollection } from "./format";

const NOT_IMPLEMENTED = 238;
const NAMESPACE_NOT_FOUND = 26;

const BATCH = 1_000;

/**
 * Makes the databases of an archive what they were: everything else in them goes. Collections are filled beside the present ones
 * and take their places when all are complete, so that one that is interrupted can simply be run again.
 * @param open the archive, which was read once and found whole
 */
export async function restore(client: MongoClient, open: () => Readable): Promise<ArchiveEnd> {
  const collections: ArchivedCollection[] = [];
  const databases = new Set<string>();
  let batch: Document[] = [];
  const flush = async () => {
    const current = collections.at(-1);
    if (batch.length > 0 && current) {
      await draftOf(client, current).insertMany(batch, { writeConcern: { w: "majority" } });
    }
    batch = [];
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
        if (batch.length >= BATCH) await flush();
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
