import { randomUUID } from "node:crypto";
import type { Entry } from "../src/guest-book/entry";
import { IdTakenError, StoreUnavailableError, type EntryStore } from "../src/guest-book/store";

let minute = 0;

/** An entry that is newer than all before it. */
export function newEntry(fields: Partial<Entry> = {}): Entry {
  return {
    id: randomUUID(),
    name: "Ada",
    message: "Hello",
    createdAt: new Date(Date.UTC(2030, 0, 1) + ++minute * 60_000),
    writtenBy: { task: "app1.1.x", node: "worker-1" },
    ...fields,
  };
}

/** What every store promises. `open` gives an empty one, each time another. */
export function storeContract(open: () => Promise<EntryStore>): void {
  let store: EntryStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const addAll = async (entries: readonly Entry[]): Promise<void> => {
    for (const entry of entries) await store.add(entry);
  };
  const ids = (entries: readonly Entry[]): string[] => entries.map(({ id }) => id);

  test("is empty at first", async () => {
    expect(await store.list(10)).toEqual({ entries: [], next: undefined });
    expect(await store.find(randomUUID())).toBeUndefined();
  });

  test.each([
    ["plain", "Ada", "Hello"],
    ["of several lines", "Ada", "a\n\n\tb"],
    ["in other scripts", "Ægir 李", "नमस्ते 👩‍👩‍👧‍👦 مرحبا"],
    ["of what databases and pages have to escape", `'"; $where`, "{ $ne: 1 } <b>\\ %00 ${x}"],
    ["as long as can be", "n".repeat(60), "ä".repeat(1_000)],
  ])("gives back an entry %s", async (_kind, name, message) => {
    const entry = newEntry({ name, message });
    expect(await store.add(entry)).toEqual({ entry, created: true });
    expect(await store.find(entry.id)).toEqual(entry);
    expect((await store.list(1)).entries).toEqual([entry]);
  });

  test("adds an entry once, by its id, and gives back the first", async () => {
    const entry = newEntry();
    await store.add(entry);
    const again = {
      ...newEntry(),
      id: entry.id,
      writtenBy: { task: "app1.2.y", node: "worker-2" },
    };
    expect(await store.add(again)).toEqual({ entry, created: false });
    expect((await store.list(10)).entries).toEqual([entry]);
  });

  test.each([{ name: "Bob" }, { message: "Bye" }])(
    "refuses another %o under an id",
    async (other) => {
      const entry = newEntry();
      await store.add(entry);
      await expect(store.add({ ...entry, ...other })).rejects.toThrow(IdTakenError);
      expect((await store.list(10)).entries).toEqual([entry]);
    },
  );

  test("of many at once under one id, one makes the entry", async () => {
    const entry = newEntry();
    const results = await Promise.all(Array.from({ length: 20 }, () => store.add(entry)));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(results.every((result) => result.entry.id === entry.id)).toBe(true);
    expect((await store.list(10)).entries).toEqual([entry]);
  });

  test("keeps all of many at once", async () => {
    const entries = Array.from({ length: 50 }, () => newEntry());
    await Promise.all(entries.map((entry) => store.add(entry)));
    expect(ids((await store.list(100)).entries)).toEqual(ids(entries).reverse());
  });

  test("lists the newest first, whatever the order of adding", async () => {
    const [a, b, c] = [newEntry(), newEntry(), newEntry()];
    await addAll([b, c, a]);
    expect(ids((await store.list(10)).entries)).toEqual(ids([c, b, a]));
  });

  test.each([1, 2, 3, 7, 8])("pages of %i have every entry once", async (limit) => {
    // Four of one millisecond, so that a page ends between them.
    const createdAt = new Date(Date.UTC(2031, 0, 1));
    const entries = [
      newEntry(),
      ...Array.from({ length: 4 }, () => newEntry({ createdAt })),
      newEntry({ createdAt: new Date(createdAt.getTime() + 1) }),
      newEntry({ createdAt: new Date(createdAt.getTime() - 1) }),
    ];
    await addAll(entries);
    const whole = (await store.list(100)).entries;
    const seen: Entry[] = [];
    let page = await store.list(limit);
    seen.push(...page.entries);
    while (page.next !== undefined) {
      expect(page.entries).toHaveLength(limit);
      page = await store.list(limit, page.next);
      seen.push(...page.entries);
    }
    expect(page.entries.length).toBeGreaterThan(0);
    expect(seen).toEqual(whole);
    expect(new Set(ids(seen))).toEqual(new Set(ids(entries)));
  });

  test("an entry added meanwhile moves nothing on the pages behind", async () => {
    const entries = [newEntry(), newEntry(), newEntry(), newEntry()];
    await addAll(entries);
    const first = await store.list(2);
    await store.add(newEntry());
    const second = await store.list(2, first.next);
    expect(ids(second.entries)).toEqual(ids([entries[1]!, entries[0]!]));
  });

  test("behind the oldest there is nothing", async () => {
    const entry = newEntry();
    await store.add(entry);
    expect(await store.list(10, entry)).toEqual({ entries: [], next: undefined });
  });

  test("closed, it is unavailable", async () => {
    await store.close();
    await expect(store.add(newEntry())).rejects.toThrow(StoreUnavailableError);
    await expect(store.list(1)).rejects.toThrow(StoreUnavailableError);
  });
}
