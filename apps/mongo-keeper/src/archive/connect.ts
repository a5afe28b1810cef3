import { MongoClient } from "mongodb";
import type { Config } from "../config";

/** How long to look for the member that takes writes: an election takes up to about 12 s. */
const FIND_PRIMARY_MS = 20_000;

/** The whole set, through whichever member is primary. */
export const connect = ({ members, setName, key }: Config): Promise<MongoClient> =>
  new MongoClient(`mongodb://${members.join(",")}/`, {
    auth: { username: "__system", password: key },
    authSource: "local",
    authMechanism: "SCRAM-SHA-256",
    replicaSet: setName,
    appName: "mongo-keeper backup",
    serverSelectionTimeoutMS: FIND_PRIMARY_MS,
    writeConcern: { w: "majority" },
  }).connect();
