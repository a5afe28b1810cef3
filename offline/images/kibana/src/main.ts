/** Shows log lines where the official image would run Kibana. */
import { createApp } from "./app.ts";
import { Elasticsearch } from "./elasticsearch.ts";
import { readSettings } from "./settings.ts";

const say = (text: string) => console.log(`kibana stand-in: ${text}`);

let settings;
try {
  settings = readSettings(process.env);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
say("a plain log viewer, not Kibana");
const server = createApp(settings.basePath, new Elasticsearch(settings.elasticsearch)).listen(
  5601,
  () => say(`listening on 5601 under "${settings.basePath}/"`),
);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
