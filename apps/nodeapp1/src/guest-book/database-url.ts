import { readFileSync } from "node:fs";
import { MongoClient } from "mongodb";
import ConnectionString from "mongodb-connection-string-url";
import { ConfigError } from "../app/config";

/** What MongoDB allows on every system, https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions */
const DATABASE_NAME = /^[^/\\. "$*<>:|?\0]{1,63}$/;
/** The server's own. */
const RESERVED = ["admin", "config", "local"];

/** Where the database is, with the password. */
export interface DatabaseUrl {
  readonly url: string;
  readonly database: string;
}

/**
 * Reads the database's URL from its file and checks it without asking the database.
 * @throws ConfigError that names the file and the remedy, and tells nothing of what is in it
 */
export function readDatabaseUrl(file: string): DatabaseUrl {
  const refuse = (problem: string): ConfigError =>
    new ConfigError([
      `MONGO_URL_FILE ${file} ${problem}, or leave the variable and the file out to run without a database`,
    ]);

  let url: string;
  try {
    url = readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(`cannot be read (${code}): mount the secret there, readable for this user`);
  }

  let database: string;
  try {
    database = decodeURIComponent(new ConnectionString(url).pathname.slice(1));
    // Knows the options. It does not connect before it is asked to.
    new MongoClient(url);
  } catch {
    // The parsers' messages would repeat the URL.
    throw refuse(
      "does not hold a URL like mongodb://USER:PASSWORD@HOST:27017,HOST:27017/DATABASE?replicaSet=NAME," +
        " with special characters in USER and PASSWORD percent-encoded and options that the driver knows:" +
        " correct the secret",
    );
  }
  if (!DATABASE_NAME.test(database) || RESERVED.includes(database)) {
    throw refuse(
      `names no database of the app's own in its URL: correct the secret, .../DATABASE is no more than` +
        ` 63 characters without any of /\\. "$*<>:|? and none of ${RESERVED.join(", ")}`,
    );
  }
  return { url, database };
}
