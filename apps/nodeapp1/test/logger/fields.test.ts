/** What the app logs, and what Elasticsearch is told of fields (apps/log-keeper), are two sides of one agreement. */
import { createServer, type AddressInfo } from "node:net";
import { properties } from "../../../log-keeper/src/wanted";
import { main } from "../../src/main";
import { get } from "../harness";
import { LogstashDouble } from "./double";

/** Kept with a line and shown, and not searched. Its own time is `@timestamp` once it has arrived. */
const SHOWN_ONLY = ["timestamp", "port", "signal", "delayMs", "inFlight", "error"];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("each field of the app's lines can be searched, or is known to be only shown", async () => {
  const double = await new LogstashDouble().listen();
  const listeners = new Map<string, (cause: unknown) => void>();
  const port = await freePort();
  const env = {
    ...{ NODE_ENV: "production", PORT: String(port), DRAIN_DELAY_MS: "0" },
    ...{ TASK_NAME: "app1.1.x", NODE_NAME: "worker-1" },
    ...{ LOGSTASH_HOST: "127.0.0.1", LOGSTASH_PORT: String(double.port) },
  };
  await new Promise<number>((exit) => {
    const host = {
      env,
      exit,
      on: (event: string, listener: (cause: unknown) => void) => listeners.set(event, listener),
    };
    void main(host)
      .then(() => get(port, "/app1"))
      .then(() => listeners.get("unhandledRejection")?.(new Error("unexpected")))
      .then(() => listeners.get("SIGTERM")?.("SIGTERM"));
  });
  await double.close();

  const fields = new Set(double.lines.flatMap((line) => Object.keys(line)));
  const searched = Object.keys(properties);
  expect([...fields].filter((name) => !searched.includes(name)).sort()).toEqual(
    [...SHOWN_ONLY].sort(),
  );
  expect([...fields]).toEqual(
    expect.arrayContaining([
      ...["event_id", "service", "node_name", "app", "task", "node", "level", "message"],
      ...["requestId", "method", "path", "status", "durationMs", "client"],
    ]),
  );
});
