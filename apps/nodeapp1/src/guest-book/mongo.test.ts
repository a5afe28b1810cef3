import { Collection, MongoServerError } from "mongodb";
import type { Logger } from "../libs/logger";
import { MongoEntryStore } from "./mongo";
import { StoreUnavailableError } from "./store";

const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
let store: MongoEntryStore;
beforeEach(() => {
  store = new MongoEntryStore({
    // Nothing listens on port 1.
    ...{ url: "mongodb://127.0.0.1:1/app1", database: "app1", appName: "test", logger },
    timeoutMs: { read: 300, write: 300 },
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
});

const failWith = (error: Error) =>
  jest.spyOn(Collection.prototype, "find").mockImplementation(() => {
    throw error;
  });

test("a connection that the server ended is tried again, and is the database's absence", async () => {
  const message = "This socket has been ended by the other party";
  const find = failWith(Object.assign(new Error(message), { code: "EPIPE" }));
  await expect(store.list(10)).rejects.toThrow(StoreUnavailableError);
  expect(find.mock.calls.length).toBeGreaterThan(1);
});

test.each([1, 50, 11_601])("so is what a server answers with code %i", async (code) => {
  failWith(new MongoServerError({ message: "cannot now", code }));
  await expect(store.list(10)).rejects.toThrow(StoreUnavailableError);
});

test("what a server refuses is none", async () => {
  failWith(new MongoServerError({ message: "unknown operator", code: 2 }));
  await expect(store.list(10)).rejects.toThrow(MongoServerError);
});

test("an error of ours is none", async () => {
  failWith(new TypeError("not a function"));
  await expect(store.list(10)).rejects.toThrow(TypeError);
});
