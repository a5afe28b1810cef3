/** What the store's parts call each other. */

export const SET_NAME = "rs0";
/** The name that every member also answers to, as in the original article. */
export const STORE_ALIAS = "mongo-store";
export const KEEPER = "mongo-keeper";
const PORT = 27017;

export const memberNames = (members: number): string[] =>
  Array.from({ length: members }, (_, i) => `${STORE_ALIAS}-${i + 1}`);

export const memberHosts = (members: number): string[] =>
  memberNames(members).map((name) => `${name}:${PORT}`);

/** The user of an application for one of the passwords: a new password is a new user beside the old one. */
export const userName = (database: string, password: number): string => `${database}-${password}`;

/**
 * The replica set's URL for a user.
 * @param password left out, the URL is a hint for people
 */
export function storeUrl(
  members: number,
  database: string,
  user: string,
  password?: string,
): string {
  const credentials = password === undefined ? user : `${user}:${password}`;
  const options = [
    `replicaSet=${SET_NAME}`,
    `authSource=${database}`,
    "authMechanism=SCRAM-SHA-256",
    "w=majority",
    "retryWrites=true",
    "retryReads=true",
  ];
  return `mongodb://${credentials}@${memberHosts(members).join(",")}/${database}?${options.join("&")}`;
}

/**
 * Why a text is not the name of an application's database, or undefined when it is. Narrower than MongoDB's own
 * rules (mongodb.com/docs/manual/reference/limits/#naming-restrictions): it is part of users' and secrets' names too.
 */
export function wrongDatabase(name: string): string | undefined {
  if (["admin", "config", "local"].includes(name)) return "is MongoDB's own";
  return /^[a-z][a-z0-9_-]{0,31}$/.test(name)
    ? undefined
    : 'must be of a-z, 0-9, "_" and "-", begin with a letter, and be at most 32 long';
}
