import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { main } from "../src/main";
import { get, until } from "./harness";

/** What happened, in order. */
const mockEvents: string[] = [];
let mockPort = 0;
jest.mock("../src/guest-book/mongo", () => {
  const { get } = jest.requireActual<typeof import("./harness")>("./harness");
  const { MemoryEntryStore } =
    jest.requireActual<typeof import("./memory-store")>("./memory-store");
  return {
    MongoEntryStore: class extends MemoryEntryStore {
      override async close(): Promise<void> {
        const isServed = await get(mockPort, "/app1").then(
          () => true,
          () => false,
        );
        mockEvents.push(isServed ? "store closed while requests are served" : "store closed");
        await super.close();
      }
    },
  };
});

const directory = mkdtempSync(path.join(tmpdir(), "main-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("told to stop, it stops listening, then closes its store, then exits", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  mockPort = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  const file = path.join(directory, "url");
  writeFileSync(file, "mongodb://db/app1");

  const listeners = new Map<string, (cause: unknown) => void>();
  await main({
    env: {
      NODE_ENV: "production",
      LOG_LEVEL: "error",
      PORT: String(mockPort),
      DRAIN_DELAY_MS: "0",
      MONGO_URL_FILE: file,
    },
    on: (event, listener) => listeners.set(event, listener),
    exit: (code) => mockEvents.push(`exit ${code}`),
  });
  const ready = await get(mockPort, "/app1/health/ready");
  expect(JSON.parse(ready.body)).toEqual({ status: "ready", database: "connected" });
  listeners.get("SIGTERM")?.("SIGTERM");
  await until(() => mockEvents.length === 2);
  expect(mockEvents).toEqual(["store closed", "exit 0"]);
});
