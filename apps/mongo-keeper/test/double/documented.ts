/**
 * The commands that the keeper may send, as MongoDB 8's documentation has them: what is not in here is refused as a mongod refuses
 * it. https://www.mongodb.com/docs/manual/reference/command/NAME/ is the page of each, and
 * https://www.mongodb.com/docs/manual/reference/replica-configuration/ that of a set's configuration.
 */
import type { Document } from "mongodb";

type Type = "string" | "number" | "boolean" | "array" | "document";

interface Field {
  readonly type: Type;
  readonly required?: true;
  /** What a document, or each element of an array, may have; left out, anything. */
  readonly fields?: Fields;
}
type Fields = Readonly<Record<string, Field>>;

interface Command {
  /** The only database that it is taken on; left out, any. */
  readonly database?: "admin";
  /** The value of the field that names it. */
  readonly value: Field;
  readonly fields?: Fields;
  /** Takes further fields, which are not its own. */
  readonly isOpen?: true;
}

const string: Field = { type: "string" };
const number: Field = { type: "number" };
const boolean: Field = { type: "boolean" };
const document: Field = { type: "document" };
const array: Field = { type: "array" };
const required = (field: Field): Field => ({ ...field, required: true });

const member: Fields = {
  _id: required(number),
  host: required(string),
  ...{ arbiterOnly: boolean, buildIndexes: boolean, hidden: boolean, priority: number },
  ...{ tags: document, secondaryDelaySecs: number, votes: number },
};

const configuration: Field = {
  type: "document",
  fields: {
    _id: required(string),
    version: required(number),
    members: { type: "array", required: true, fields: member },
    ...{ term: number, configsvr: boolean, protocolVersion: number, settings: document },
    writeConcernMajorityJournalDefault: boolean,
  },
};

const role: Field = { type: "array", fields: { role: required(string), db: required(string) } };
const user: Fields = {
  ...{ pwd: string, customData: document, writeConcern: document },
  ...{ authenticationRestrictions: array, mechanisms: array, digestPassword: boolean },
};

export const documented: Readonly<Record<string, Command>> = {
  buildInfo: { value: number },
  serverStatus: { value: number, isOpen: true },
  replSetGetConfig: { database: "admin", value: number, fields: { commitmentStatus: boolean } },
  replSetGetStatus: { database: "admin", value: number },
  replSetInitiate: { database: "admin", value: configuration },
  replSetReconfig: {
    database: "admin",
    value: configuration,
    fields: { force: boolean, maxTimeMS: number },
  },
  replSetStepDown: {
    database: "admin",
    value: number,
    fields: { secondaryCatchUpPeriodSecs: number, force: boolean },
  },
  usersInfo: {
    value: number,
    fields: {
      ...{ showCredentials: boolean, showCustomData: boolean, showPrivileges: boolean },
      ...{ showAuthenticationRestrictions: boolean, filter: document },
    },
  },
  createUser: { value: string, fields: { ...user, roles: required(role) } },
  updateUser: { value: string, fields: { ...user, roles: role } },
  dropUser: { value: string, fields: { writeConcern: document } },
};

/** What a driver adds to every command, and `comment`, which each takes. */
const GENERAL = ["$db", "lsid", "$clusterTime", "$readPreference", "comment"];

/** A mongod's objection to a command: its code, that code's name, and what it says. */
export type Objection = readonly [code: number, codeName: string, message: string];

/** Why a mongod would not take a command as it is written, or undefined. */
export function objectionTo(name: string, command: Document): Objection | undefined {
  const known = documented[name];
  if (!known) return [59, "CommandNotFound", `no such command: '${name}'`];
  if (known.database && command["$db"] !== known.database) {
    return [13, "Unauthorized", `${name} may only be run against the admin database.`];
  }
  const { [name]: value, ...rest } = command;
  const given = Object.entries(rest).filter(([field]) => !GENERAL.includes(field));
  return (
    objectionToValue(name, value, known.value) ??
    (known.isOpen ? undefined : objectionToFields(name, Object.fromEntries(given), known.fields))
  );
}

function objectionToFields(
  path: string,
  given: Document,
  fields: Fields = {},
): Objection | undefined {
  for (const [field, { required: isRequired }] of Object.entries(fields)) {
    if (isRequired && given[field] === undefined) {
      return [40414, "Location40414", `BSON field '${path}.${field}' is missing but required`];
    }
  }
  for (const [field, value] of Object.entries(given)) {
    const known = fields[field];
    if (!known) return [40415, "Location40415", `BSON field '${path}.${field}' is unknown`];
    const objection = objectionToValue(`${path}.${field}`, value, known);
    if (objection) return objection;
  }
  return undefined;
}

function objectionToValue(path: string, value: unknown, field: Field): Objection | undefined {
  if (typeOf(value) !== field.type) {
    return [14, "TypeMismatch", `BSON field '${path}' is ${typeOf(value)}, not ${field.type}`];
  }
  if (!field.fields) return undefined;
  for (const one of (Array.isArray(value) ? value : [value]) as Document[]) {
    const objection = objectionToFields(path, one, field.fields);
    if (objection) return objection;
  }
  return undefined;
}

const typeOf = (value: unknown): string =>
  Array.isArray(value) ? "array" : typeof value === "object" ? "document" : typeof value;
