/** What the official image's variables say, as far as the stand-in knows them. */
import { readFileSync } from "node:fs";

export interface Settings {
  /** The password of `elastic`. */
  readonly password: string;
  /** Options of the Java machine, such as `-Xmx256m`. */
  readonly javaOptions: readonly string[];
  /** Where everything is kept. */
  readonly data: string;
  readonly port: number;
}

/** Elasticsearch takes no shorter one for its own users. */
const SHORTEST_PASSWORD = 6;

/**
 * @throws Error that names the variable when it has no password, or one that Elasticsearch would not take
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const { ELASTIC_PASSWORD, ELASTIC_PASSWORD_FILE, ES_JAVA_OPTS } = environment;
  if (ELASTIC_PASSWORD !== undefined && ELASTIC_PASSWORD_FILE !== undefined) {
    throw new Error("ELASTIC_PASSWORD and ELASTIC_PASSWORD_FILE are both set: set one of them");
  }
  const password = ELASTIC_PASSWORD_FILE
    ? readFileSync(ELASTIC_PASSWORD_FILE, "utf8").trim()
    : ELASTIC_PASSWORD;
  if (!password || password.length < SHORTEST_PASSWORD) {
    throw new Error(
      `ELASTIC_PASSWORD or ELASTIC_PASSWORD_FILE must give a password of at least ${SHORTEST_PASSWORD} characters`,
    );
  }
  return {
    password,
    javaOptions: (ES_JAVA_OPTS ?? "-Xms256m -Xmx256m").split(/\s+/).filter(Boolean),
    data: "/usr/share/elasticsearch/data",
    port: 9200,
  };
}
