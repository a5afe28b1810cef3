import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { eventually } from "../e2e/support/eventually";
import { type Entry, GuestBook } from "../e2e/support/guestBook";
import { Ledger, type LedgerReport } from "../faults/support/ledger";

interface Sent {
  readonly id: string;
  readonly name: string;
  readonly message: string;
}

/** A guest book that stores what `keep` says, for each entry that is sent to it, and answers with the status that it returns. */
type Keep = (entry: Sent, stored: Sent[], answer: ServerResponse) => number;

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Writes to such a guest book until `count` entries have come. */
async function report(keep: Keep, count = 40): Promise<LedgerReport> {
  const stored: Sent[] = [];
  let came = 0;
  server = createServer((request, answer) => {
    if (request.method === "GET") {
      const entries: Entry[] = stored.map((entry) => ({ ...entry, createdAt: "" }));
      answer.end(JSON.stringify({ entries, next: null }));
      return;
    }
    void text(request).then((body) => {
      answer.statusCode = keep(JSON.parse(body) as Sent, stored, answer);
      answer.end();
      came += 1;
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ledger = new Ledger(new GuestBook(`http://127.0.0.1:${port}`));
  await eventually("the entries", { withinMs: 20_000, everyMs: 5 }, () =>
    came >= count ? true : undefined,
  );
  return ledger.stop();
}

/** As it should be: an entry is stored once under its id, however often it is sent. */
const honest: Keep = (entry, stored) => {
  if (stored.some(({ id }) => id === entry.id)) return 200;
  stored.push(entry);
  return 201;
};

const seldom = (): (() => boolean) => {
  let count = 0;
  return () => (count += 1) % 7 === 0;
};

test("an honest store is found honest, answers and connections lost on the way or not", async () => {
  const [isRefused, isCut] = [seldom(), seldom()];
  const { lost, surplus, ...counts } = await report((entry, stored, answer) => {
    if (isRefused()) return 503;
    const status = honest(entry, stored, answer);
    if (isCut()) answer.destroy();
    return status;
  });
  expect({ lost, surplus }).toEqual({ lost: [], surplus: [] });
  expect(counts.acknowledged).toBeGreaterThan(20);
  expect(counts.found).toBeGreaterThan(0);
  expect(counts.resent).toBeGreaterThan(counts.found);
});

test("a store that acknowledges before it has stored is found out", async () => {
  const isForgotten = seldom();
  const { lost, surplus } = await report((entry, stored, answer) =>
    isForgotten() ? 201 : honest(entry, stored, answer),
  );
  expect(lost.length).toBeGreaterThan(0);
  expect(surplus).toEqual([]);
});

test("a store that takes what is sent again for something new is found out, whatever id it gives it", async () => {
  for (const rename of [(id: string) => id, (id: string) => `${id}, again`]) {
    const isCut = seldom();
    const { lost, surplus } = await report((entry, stored, answer) => {
      const isAgain = stored.some(({ id }) => id === entry.id);
      stored.push(isAgain ? { ...entry, id: rename(entry.id) } : entry);
      if (isCut()) answer.destroy();
      return 201;
    });
    expect(lost).toEqual([]);
    expect(surplus.length).toBeGreaterThan(0);
    server.closeAllConnections();
    server.close();
  }
});
