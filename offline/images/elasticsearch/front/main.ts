/** Runs OpenSearch where the official image would run Elasticsearch, with the front before it. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createFront } from "./front.ts";
import { readSettings } from "./settings.ts";
import { Users } from "./users.ts";

const HOME = "/usr/share/elasticsearch";
/** The runner adds the node's number to the port that it is given. */
const BASE_PORT = 9210;

const say = (text: string) => console.log(`elasticsearch stand-in: ${text}`);

let settings;
try {
  settings = readSettings(process.env);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
say("OpenSearch 3.8.0, not Elasticsearch");

const config = join(settings.data, "node_1", "config");
mkdirSync(config, { recursive: true });
for (const file of ["opensearch.yml", "log4j2.properties"]) {
  copyFileSync(join(HOME, "config", file), join(config, file));
}

const environment = { ...process.env };
delete environment["ELASTIC_PASSWORD"];
const opensearch = spawn(
  "java",
  [
    // The quick compiler alone: on two cores the other one takes as long as all the rest of a short life does.
    "-XX:TieredStopAtLevel=1",
    ...settings.javaOptions,
    ...["--enable-native-access=ALL-UNNAMED", "-XX:+ExitOnOutOfMemoryError"],
    ...["-cp", `${HOME}/lib/*`, "org.codelibs.opensearch.runner.OpenSearchRunner"],
    ...["-clusterName", "docker-cluster", "-basePath", settings.data],
    ...["-numOfNode", "1", "-baseHttpPort", String(BASE_PORT), "-printOnFailure"],
  ],
  { stdio: ["pipe", "inherit", "inherit"], env: environment },
);
opensearch.on("exit", (code, signal) => {
  say(`OpenSearch ended (${signal ?? code})`);
  process.exit(stopping ? 0 : 1);
});

const front = createFront(
  new Users(join(settings.data, "stand-in-users.json"), settings.password),
  {
    host: "127.0.0.1",
    port: BASE_PORT + 1,
  },
);
front.listen(settings.port, () => say(`listening on ${settings.port}`));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    stopping = true;
    front.close();
    opensearch.kill("SIGTERM");
  });
}
