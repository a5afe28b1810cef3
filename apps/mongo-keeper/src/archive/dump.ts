import type { ClientSession, Document, MongoClient } from "mongodb";
import { hasCode } from "../set/client";
import { DRAFT, FORMAT, VERSION, writeArchive } from "./format";
import type { ArchiveEnd, ArchiveEntry, ArchivedCollection } from "./format";
import type { Writable } from "node:stream";

/** mongodb.com/docs/manual/reference/error-codes */
const SNAPSHOT_TOO_OLD = 239;
const SNAPSHOT_UNAVAILABLE = 246;

/** MongoDB's own databases. Users are in `admin`: the keeper makes them anew. */
const INTERNAL = ["admin", "config", "local"];

/**
 * Writes all databases of applications as of one moment, by reads with the concern `snapshot` at one cluster
 * time (mongodb.com/docs/manual/reference/read-concern-snapshot).
 */
export async function dump(
  client: MongoClient,
  set: string,
  output: Writable,
  now: Date,
): Promise<ArchiveEnd> {
  const admin = client.db("admin");
  const build = await admin.command({ buildInfo: 1 });
  const hasSnapshots = build["ferretdbVersion"] === undefined;
  const listed = await admin.command({ listDatabases: 1, nameOnly: true });
  const databases = (listed["databases"] as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => !INTERNAL.includes(name))
    .sort();
  const header = {
    format: FORMAT,
    version: VERSION,
    set,
    taken: now.toISOString(),
    consistency: hasSnapshots ? "snapshot" : "none",
    databases,
  } as const;
  const session = client.startSession(hasSnapshots ? { snapshot: true } : {});
  try {
    return await writeArchive(output, header, entries(client, databases, session));
  } catch (error) {
    if (!hasCode(error, SNAPSHOT_TOO_OLD, SNAPSHOT_UNAVAILABLE)) throw error;
    throw new Error(
      "the backup took longer than the members keep a snapshot: raise their " +
        "minSnapshotHistoryWindowInSeconds (docs/store.md)",
      { cause: error },
    );
  } finally {
    await session.endSession();
  }
}

async function* entries(
  client: MongoClient,
  databases: readonly string[],
  session: ClientSession,
): AsyncGenerator<ArchiveEntry> {
  for (const database of databases) {
    for (const collection of await collections(client, database)) {
      yield { collection };
      if (collection.type === "view") continue;
      const all = client.db(database).collection(collection.name);
      // Numbers and binary values as they are stored, not as JavaScript has them.
      const found = all.find({}, { session, promoteValues: false, sort: { _id: 1 } });
      for await (const document of found) yield { document };
    }
  }
}

async function collections(client: MongoClient, database: string): Promise<ArchivedCollection[]> {
  const listed: readonly Listed[] = await client.db(database).listCollections().toArray();
  const own = listed
    .filter(({ name }) => !name.startsWith("system.") && !name.startsWith(DRAFT))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const described: ArchivedCollection[] = [];
  for (const { name, type, options = {} } of own) {
    if (type !== "collection" && type !== "view") {
      throw new Error(
        `${database}.${name} is a ${type ?? "thing"}, which a backup cannot hold yet`,
      );
    }
    const indexes =
      type === "view" ? [] : await client.db(database).collection(name).listIndexes().toArray();
    described.push({
      database,
      name,
      type,
      options,
      indexes: indexes.filter(({ name }: Document) => name !== "_id_").map(indexOptions),
    });
  }
  return described;
}

interface Listed {
  readonly name: string;
  readonly type?: string;
  readonly options?: Document;
}

/** Without what the server adds for itself. */
function indexOptions(index: Document): Document {
  const { v, ns, ...options } = index;
  void [v, ns];
  return options;
}
