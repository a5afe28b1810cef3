import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { APP1 } from "../support";
import { control, eventually, exchange, get, said } from "./client";
import { Bench, type Container, logsOf } from "./docker";

/* What a client can send that it should not: the proxy answers for itself, and no task sees it. */

const bench = new Bench();
let proxy: Container;
let narrow: Container;
let edged: Container;

beforeAll(async () => {
  const { gateway } = await bench.addNetwork();
  await bench.task("app1");
  proxy = await bench.proxy({ environment: { TIMEOUT_HTTP_REQUEST: "2" } });
  narrow = await bench.proxy({ environment: { MAXCONN_PER_CLIENT: "5" } });
  edged = await bench.proxy({ environment: { MAXCONN_PER_CLIENT: "5", EDGE_ADDRESSES: gateway } });
  for (const one of [proxy, narrow, edged]) {
    await eventually(async () => {
      expect((await control(one, "reconfigure", APP1)).status).toBe(200);
    });
  }
  for (const one of [proxy, narrow]) {
    await eventually(async () => expect((await get(one.address, "/app1")).status).toBe(200));
  }
}, 60_000);

afterAll(() => bench.remove());

const statuses = (answer: string): string[] =>
  [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status = ""]) => status);

/** What the task has seen: method and path of each request. */
const seen = async (): Promise<string[]> =>
  JSON.parse((await get(proxy.address, "/app1/seen")).text) as string[];

const request = (lines: readonly string[], body = ""): string =>
  `${lines.join("\r\n")}\r\n\r\n${body}`;

const POST = ["POST /app1/hostile HTTP/1.1", "Host: a"];
const SMUGGLED = "GET /app1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED_END = `0\r\n\r\n${SMUGGLED}`;

/** What the log says of a request. */
const TYPES = {
  ...{ time: "string", client: "string", method: "string", host: "string", path: "string" },
  ...{ protocol: "string", tls: "string", status: "number", bytes: "number" },
  ...{ backend: "string", server: "string", retries: "number", ms_request: "number" },
  ...{ ms_queue: "number", ms_connect: "number", ms_response: "number", ms_total: "number" },
  ...{ end: "string", request_id: "string", client_request_id: "string" },
};

/** Opens a connection and keeps what it is sent. */
function dial(host: string): { socket: Socket; text: () => string; closed: Promise<void> } {
  let text = "";
  const socket = connect({ host, port: 80 });
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  return {
    socket,
    text: () => text,
    closed: new Promise((done) => socket.on("close", () => done())),
  };
}

/** Sends the first part at once and the rest byte by byte; answers the first that comes back, and after how many seconds. */
async function drip(head: string, rest: string): Promise<{ text: string; seconds: number }> {
  const { socket, text, closed } = dial(proxy.address);
  const start = performance.now();
  const answered = Promise.race([closed, new Promise((done) => socket.once("data", done))]);
  socket.write(head);
  for (const byte of rest) {
    if (text() !== "" || socket.destroyed) break;
    socket.write(byte);
    await Promise.race([sleep(250), answered]);
  }
  await answered;
  socket.destroy();
  return { text: text(), seconds: (performance.now() - start) / 1000 };
}

test("slow headers get 408 in time", async () => {
  const { text, seconds } = await drip(
    "GET /app1/slow HTTP/1.1\r\nHost: a\r\nX: ",
    "x".repeat(100),
  );
  expect(statuses(text)).toEqual(["408"]);
  expect(seconds).toBeGreaterThan(1.5);
  expect(seconds).toBeLessThan(6);
});

test("a slow body gets 408 in time, and no task is bothered with it", async () => {
  const head = request(["POST /app1/slow-body HTTP/1.1", "Host: a", "Content-Length: 1000"]);
  const { text, seconds } = await drip(head, "x".repeat(100));
  expect(statuses(text)).toEqual(["408"]);
  expect(seconds).toBeGreaterThan(1.5);
  expect(seconds).toBeLessThan(6);
  expect((await seen()).join()).not.toContain("slow-body");
});

test("a body that comes at a walking pace is taken", async () => {
  const body = "x".repeat(4000);
  const { socket, text, closed } = dial(proxy.address);
  socket.write(
    request(
      ["POST /app1/walk HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 4000"],
      body.slice(0, 1500),
    ),
  );
  await sleep(3000);
  socket.write(body.slice(1500));
  await closed;
  expect(statuses(text())).toEqual(["200"]);
});

test("hundreds of slow clients keep nobody from being served", async () => {
  const slow = Array.from({ length: 300 }, () => dial(proxy.address));
  for (const { socket } of slow) socket.write("GET / HTTP/1.1\r\n");
  for (let i = 0; i < 20; i++) expect((await get(proxy.address, "/app1")).status).toBe(200);
  await Promise.all(slow.map(({ closed }) => closed));
  expect(new Set(slow.map(({ text }) => statuses(text()).join()))).toEqual(new Set(["408"]));
});

test("one address has only so many connections, and they are free again when it closes them", async () => {
  const held = Array.from({ length: 5 }, () => dial(narrow.address));
  await Promise.all(
    held.map(async ({ socket, text }) => {
      socket.write("GET /app1 HTTP/1.1\r\nHost: a\r\n\r\n");
      await eventually(() => expect(statuses(text())).toEqual(["200"]));
    }),
  );
  const refused = dial(narrow.address);
  refused.socket.write("GET /app1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await refused.closed;
  expect(refused.text()).toBe("");
  held.forEach(({ socket }) => socket.destroy());
  await eventually(async () => expect((await get(narrow.address, "/app1")).status).toBe(200));
});

test("behind the edge it is the client's address that counts, not the edge's", async () => {
  const from = (client: string): ReturnType<typeof dial> => {
    const connection = dial(edged.address);
    connection.socket.write(
      `PROXY TCP4 ${client} 198.51.100.1 40000 80\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    return connection;
  };
  for (const client of ["203.0.113.7", "203.0.113.8"]) {
    for (let i = 0; i < 5; i++) {
      const { text } = from(client);
      await eventually(() => expect(statuses(text())).toEqual(["404"]));
    }
    const sixth = from(client);
    await sixth.closed;
    expect(sixth.text()).toBe("");
  }
});

test.each<[string, string]>([
  [
    "102 headers",
    request([...POST, ...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`), "Content-Length: 0"]),
  ],
  ["a header of 17 kB", request([...POST, `X: ${"x".repeat(17 * 1024)}`])],
  ["a path of 17 kB", request([`GET /app1/${"x".repeat(17 * 1024)} HTTP/1.1`, "Host: a"])],
  ["two lengths", request([...POST, "Content-Length: 4", "Content-Length: 5"], "abcde")],
  ["two lengths in one", request([...POST, "Content-Length: 4, 5"], "abcde")],
  ["a length with a sign", request([...POST, "Content-Length: +4"], "abcd")],
  ["a negative length", request([...POST, "Content-Length: -4"], "abcd")],
  ["a space before the colon", request([...POST, "Transfer-Encoding : chunked"], CHUNKED_END)],
  [
    "a chunk that is none",
    request([...POST, "Transfer-Encoding: chunked"], "zz\r\nabc\r\n0\r\n\r\n"),
  ],
  ["an unknown transfer coding", request([...POST, "Transfer-Encoding: xchunked"], CHUNKED_END)],
  ["two hosts", request(["GET /app1/hostile HTTP/1.1", "Host: a", "Host: b"])],
  ["another host in the target", request(["GET http://b/app1/hostile HTTP/1.1", "Host: a"])],
  ["a null byte", request(["GET /app1/hostile HTTP/1.1", "Host: a", "X: a\0b"])],
  ["a bare line feed in a header", request(["GET /app1/hostile HTTP/1.1", "Host: a", "X: a\rb"])],
  ["no HTTP", "\u0016\u0003\u0001\u0002\u0000garbage\r\n\r\n"],
  ["an encoded slash beside dots", request(["GET /app1/..%2fhostile HTTP/1.1", "Host: a"])],
  ["an encoded backslash", request(["GET /app1/%5C..%5Chostile HTTP/1.1", "Host: a"])],
  ["half an escape", request(["GET /app1/hostile%zz HTTP/1.1", "Host: a"])],
  ["an encoded null byte", request(["GET /app1/hostile%00.txt HTTP/1.1", "Host: a"])],
])("%s get 400 and nothing more", async (_what, bytes) => {
  const before = await seen();
  const answer = await exchange(proxy.address, bytes);
  expect(statuses(answer)).toEqual(["400"]);
  expect(answer).not.toMatch(/server:|haproxy|via:/i);
  expect(await seen()).toEqual(before);
});

test.each<[string, string]>([
  [
    "CL.TE",
    request(
      [...POST, `Content-Length: ${CHUNKED_END.length}`, "Transfer-Encoding: chunked"],
      CHUNKED_END,
    ),
  ],
  [
    "TE.CL",
    request(
      [...POST, "Transfer-Encoding: chunked", "Content-Length: 4"],
      `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    ),
  ],
  [
    "TE.TE",
    request([...POST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"], CHUNKED_END),
  ],
  [
    "an old version with chunks",
    request(["POST /app1/x HTTP/1.0", "Transfer-Encoding: chunked"], CHUNKED_END),
  ],
])("%s smuggles no request", async (_what, bytes) => {
  const answer = await exchange(proxy.address, bytes);
  expect(statuses(answer)).toHaveLength(1);
  expect((await seen()).join()).not.toContain("smuggled");
});

test.each([
  ["/app1/../app1/x", "/app1/x"],
  ["/none/../app1/x", "/app1/x"],
  ["/none/%2e%2e/app1/x", "/app1/x"],
  ["//app1///x", "/app1/x"],
  ["/./app1/%2E/x", "/app1/x"],
  ["/%61pp1/%7Ex", "/app1/~x"],
  ["/../../app1/x", "/app1/x"],
  ["/app1/a%2fb%20c", "/app1/a%2fb%20c"],
  ["/app1/%41?u=//a/../b&p=%2e%2e%2f%00%zz", "/app1/A?u=//a/../b&p=%2e%2e%2f%00%zz"],
  ["/app1/x?u=//a/../b&p=%2e%2e%2f%00", "/app1/x?u=//a/../b&p=%2e%2e%2f%00"],
])("%s is routed and passed on as %s", async (path, url) => {
  expect((await said(proxy.address, path)).url).toBe(url);
});

test.each(["/app1/../none", "/app1/%2e%2e/none", "/app1/x/../../none", "//none/app1"])(
  "%s does not get to app1",
  async (path) => {
    expect((await get(proxy.address, path)).status).toBe(404);
  },
);

test("every line of the log is JSON, whatever was sent, reloads and failures included", async () => {
  await exchange(proxy.address, 'GET /"\\\n HTTP/1.1\r\nHost: "\u0001\\\r\n\r\n', 300);
  const tls = connect({ host: proxy.address, port: 443 });
  tls.write("GET / HTTP/1.1\r\n\r\n");
  await new Promise((resolve) => tls.on("error", () => undefined).on("close", resolve));
  const id = `${'\u0001\u00ff\\"'.repeat(40)}`;
  const host = "h".repeat(6000);
  await exchange(proxy.address, request(["GET /long HTTP/1.1", `Host: ${host}`]), 300);
  await exchange(
    proxy.address,
    request(["GET /last HTTP/1.1", "Host: a", `X-Request-Id: ${id}`]),
    300,
  );
  expect((await control(proxy, "reload")).status).toBe(200);
  await eventually(async () => {
    const { requests, control: own } = await logsOf(proxy);
    expect(own.some((line) => line.includes("Proxy http stopped"))).toBe(true);
    expect(requests.some((line) => line.includes("SSL handshake failure"))).toBe(true);
    for (const path of ["/long", "/last"]) {
      expect(requests.filter((line) => line.includes(`"${path}"`))).toHaveLength(1);
    }
    for (const line of [...requests, ...own].filter((text) => text !== "")) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
  });
});

test("every request's line has the same fields of the same types, whatever was sent", async () => {
  const odd: readonly (readonly string[])[] = [
    ['GET /odd]\\["#%22{} HTTP/1.1', "Host: a"],
    ["GET /odd'|^` HTTP/1.1", "Host: a'b"],
    ["GET /odd\u0001\u00ff HTTP/1.1", "Host: a"],
    ["GET /odd HTTP/1.1", "Host: a\tb\u0001\u00ff"],
    ['GET http://o"d/odd HTTP/1.1', 'Host: o"d'],
    ["GET /odd HTTP/1.0"],
    ["GET /odd HTTP/1.1", "Host: ", "X-Request-Id: "],
    ["GET /odd HTTP/1.1", "Host: a", 'X-Request-Id: [\\"\u00ff\t]'],
    ["O'D|D` /odd HTTP/1.1", "Host: a"],
    ['O"\\D /odd HTTP/1.1', "Host: a"],
    ["OPTIONS * HTTP/1.1", "Host: odd"],
    ["CONNECT odd:1 HTTP/1.1", "Host: odd:1"],
    ["GET /odd"],
    ["GET"],
    ['GET /odd HTTP/"9'],
    ["POST /odd HTTP/1.1", "Host: a", "Content-Length: 9"],
    ["GET /odd/last HTTP/1.1", "Host: a"],
  ];
  for (const lines of odd) {
    await exchange(proxy.address, Buffer.from(request(lines), "latin1"), 300);
  }
  await eventually(async () => {
    const lines = (await logsOf(proxy)).requests.filter((line) => line.includes('"method"'));
    expect(lines.some((line) => line.includes("/odd/last"))).toBe(true);
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const entry of entries) {
      const types = Object.entries(entry).map(([name, value]) => [name, typeof value]);
      expect(Object.fromEntries(types)).toEqual(TYPES);
    }
    // What is refused before it is a request is logged as an error.
    for (const expected of [
      { method: "GET", host: "", path: "/odd", protocol: "HTTP/1.0", tls: "", status: 404 },
      { method: "O'D|D`", path: "/odd", client_request_id: "" },
      { method: "GET", host: "a'b", path: "/odd'|^`", retries: 0 },
      { method: "GET", host: 'o"d', path: "/odd" },
      { method: "OPTIONS", host: "odd", path: "", status: 404 },
      { path: "/odd", client_request_id: "______" },
    ]) {
      expect(entries).toContainEqual(expect.objectContaining(expected));
    }
  });
});
