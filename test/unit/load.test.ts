import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "../e2e/support/eventually";
import { openLoad } from "../e2e/support/load";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const page: RequestListener = (req, res) => {
  res.setHeader("X-Request-Id", `proxy's ${String(req.headers["x-request-id"])}`);
  res.end("<h1>Hello</h1><dl><dt>Task<dd>app1.1.x</dl>");
};

/** Loads until that many requests have come, and returns the report. */
async function report(answer: RequestListener, count: number, resendBroken = false) {
  let came = 0;
  const url = await listen((req, res) => {
    came++;
    answer(req, res);
  });
  const load = openLoad({ url, contains: "Hello", perSecond: 100, resendBroken });
  await eventually("the requests", { withinMs: 10_000, everyMs: 5 }, () =>
    came >= count ? true : undefined,
  );
  return load.stop();
}

test("each request has an id of its own, and its answer is kept with it", async () => {
  const { exchanges, failures, resent } = await report(page, 20);
  expect({ failures, resent }).toEqual({ failures: [], resent: 0 });
  expect(new Set(exchanges.map(({ id }) => id)).size).toBe(exchanges.length);
  for (const { id, proxyId, task } of exchanges) {
    expect({ proxyId, task }).toEqual({ proxyId: `proxy's ${id}`, task: "app1.1.x" });
  }
});

test("half of the requests come on connections that are kept", async () => {
  const connections: (string | undefined)[] = [];
  await report((req, res) => {
    connections.push(req.headers.connection);
    page(req, res);
  }, 20);
  const kept = connections.filter((connection) => connection === "keep-alive").length;
  expect(Math.abs(kept - connections.length / 2)).toBeLessThanOrEqual(1);
});

test("requests begin when they are due though nothing is answered, and their time counts from then", async () => {
  const waiting: (() => void)[] = [];
  const answerAll = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  const { exchanges, withinMs } = await report((req, res) => {
    waiting.push(() => page(req, res));
    if (waiting.length === 30) setInterval(answerAll, 5).unref();
  }, 30);
  expect(exchanges.length).toBeGreaterThanOrEqual(30);
  // None was answered before the thirtieth came, which was due 290 ms after the first.
  expect(withinMs(1)).toBeGreaterThanOrEqual(289);
});

test.each<[string, RequestListener, RegExp]>([
  ["another status", (_, res) => res.writeHead(503).end("Hello"), /status 503: Hello/],
  ["another page", (_, res) => res.end("Good bye"), /status 200: Good bye/],
  ["a broken connection", ({ socket }) => socket.destroy(), /SocketError|ECONNRESET/],
  [
    "half of an answer",
    (_, res) => res.writeHead(200, { "Content-Length": 100 }).write("Hello", () => res.destroy()),
    /SocketError|ECONNRESET|LengthMismatch/,
  ],
])("%s is a failure", async (_, answer, says) => {
  const { exchanges, failures } = await report(answer, 20);
  expect(failures).toHaveLength(exchanges.length);
  for (const failure of failures) expect(failure).toMatch(says);
});

describe("a request whose connection breaks", () => {
  const breakKept: RequestListener = (req, res) =>
    req.headers.connection === "keep-alive" ? req.socket.destroy() : page(req, res);

  test("fails where nothing is sent twice", async () => {
    const { failures, resent } = await report(breakKept, 20);
    expect(failures.length).toBeGreaterThanOrEqual(10);
    expect(resent).toBe(0);
  });

  test("is sent once more where that is asked for, and counted", async () => {
    const { failures, resent, exchanges } = await report(breakKept, 20, true);
    expect(failures).toEqual([]);
    expect(resent).toBeGreaterThanOrEqual(5);
    expect(exchanges.filter((exchange) => exchange.resent)).toHaveLength(resent);
  });

  test("is sent no third time", async () => {
    const { exchanges, failures } = await report(({ socket }) => socket.destroy(), 20, true);
    expect(failures).toHaveLength(exchanges.length);
  });
});
