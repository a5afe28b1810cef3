import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../../../../test/e2e/support/eventually";
import { askEngine, buildImage, docker, newName, read, SocketProxy, untagImage } from "./support";

let proxy: SocketProxy;
beforeAll(async () => {
  await buildImage();
  proxy = await SocketProxy.start();
  await proxy.listening();
});
afterAll(async () => {
  await proxy.remove();
  await untagImage();
});

test.each(["/_ping", "/version", "/v1.41/version", "/services", "/v1.41/nodes", "/v1.41/tasks"])(
  "GET %s is answered as the engine answers it",
  async (path) => {
    const [through, direct] = [await proxy.get(path), await askEngine(path)];
    expect(await read(through)).toEqual(await read(direct));
    expect(through.headers["api-version"]).toBe(direct.headers["api-version"]);
  },
);

test.each([
  "/",
  "/info",
  "/secrets",
  "/configs",
  "/swarm",
  "/swarm/unlockkey",
  "/containers/json",
  "/images/json",
  "/networks",
  "/volumes",
  "/system/df",
  "/services/id",
  "/services/id/logs",
  "/nodes/id",
  "/tasks/id/logs",
  "/v1.41/secrets",
  "/v1.41/configs",
  "/v1.41/containers/id/archive?path=/",
  // Paths that a careless match would take for one that may be read.
  "//services",
  "/services/",
  "/services//",
  "/services/..",
  "/services/../secrets",
  "/v1.41/../secrets",
  "/v1.41//services",
  "/v1.41/%2e%2e/secrets",
  "/v1.41/services%2f..%2f..%2fsecrets",
  "/%73ervices",
  "/services%00",
  "/services;/secrets",
  "/services%3f/secrets",
  "/v1/services",
  "/v1.41.1/services",
  "/v2.0/services",
  "/v1.4100/services",
  "/v1x41/services",
  "/V1.41/services",
  "/Services",
  "/servicesx",
  "/x/services",
  "/secrets?/services",
])("GET %s is refused", async (path) => {
  expect(await proxy.status(`GET ${path} HTTP/1.1`, "Host: docker")).toBe(403);
});

test.each([
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "get",
  "GETX",
  "PROPFIND",
])("%s is refused", async (method) => {
  expect(await proxy.status(`${method} /version HTTP/1.1`, "Host: docker")).toBe(403);
});

test.each<[string, number, string[]]>([
  [
    "a protocol to change to",
    403,
    ["GET /version HTTP/1.1", "Connection: Upgrade", "Upgrade: tcp"],
  ],
  ["HTTP/2 unasked", 400, ["PRI * HTTP/2.0", "", "SM", ""]],
  ["a tunnel", 400, ["CONNECT /version HTTP/1.1"]],
  ["a body", 403, ["GET /version HTTP/1.1", "Content-Length: 3", "", "abc"]],
  ["a body in chunks", 403, ["GET /version HTTP/1.1", "Transfer-Encoding: chunked", "", "0", ""]],
  [
    "two lengths",
    400,
    ["GET /version HTTP/1.1", "Content-Length: 0", "Content-Length: 40", "", "GET /secrets"],
  ],
  ["another path in absolute form", 403, ["GET http://docker/secrets HTTP/1.1"]],
  ["another host in absolute form", 400, ["GET http://services HTTP/1.1"]],
  ["no path", 400, ["GET services HTTP/1.1"]],
  ["a line break in the path", 400, ["GET /services\nX: HTTP/1.1"]],
  ["HTTP/0.9", 400, ["GET /version"]],
])("%s is refused", async (_what, status, [line = "", ...rest]) => {
  expect(await proxy.status(line, "Host: docker", ...rest)).toBe(status);
});

test("an offer of HTTP/2 is not passed on", async () => {
  const offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"];
  expect(await proxy.status("GET /version HTTP/1.1", "Host: docker", ...offer)).toBe(200);
});

test("a second request on the connection is not heard", async () => {
  const [first, second] = ["/version", "/secrets"].map(
    (path) => `GET ${path} HTTP/1.1\r\nHost: docker\r\n\r\n`,
  );
  const answers = await proxy.raw(`${first}${second}`);
  expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 200"]);
});

test("an event arrives at once, also after a silence that no answer may have", async () => {
  const name = newName();
  const filters = encodeURIComponent(JSON.stringify({ type: ["volume"], volume: [name] }));
  const events = await proxy.get(`/v1.41/events?filters=${filters}`);
  expect(events.statusCode).toBe(200);
  const first = new Promise<{ event: string; at: number }>((resolve, reject) => {
    events.once("data", (chunk: Buffer) => resolve({ event: chunk.toString(), at: Date.now() }));
    events.once("close", () => reject(new Error("the events ended")));
  });
  // `timeout server` of what is not an event stream is 30 s: the silence is the condition here.
  await new Promise((resolve) => setTimeout(resolve, 33_000));
  await docker("volume", "create", name);
  const made = Date.now();
  try {
    const { event, at } = await first;
    expect(JSON.parse(event)).toMatchObject({ Type: "volume", Action: "create" });
    expect(at - made).toBeLessThan(1_000);
  } finally {
    events.removeAllListeners("close").destroy();
    await docker("volume", "rm", name);
  }
});

test("it runs without a user, a group or a capability of root's", async () => {
  const status = await docker("exec", proxy.name, "cat", "/proc/1/status");
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1];
  expect(field("Uid")).not.toMatch(/\b0\b/);
  expect(field("Groups")?.trim()).toBe("");
  expect(field("NoNewPrivs")).toBe("1");
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
    expect(`${set} ${field(set)}`).toBe(`${set} 0000000000000000`);
  }
});

test("it logs what it refuses, and nothing of what goes well", async () => {
  const log = async () => (await docker("logs", proxy.name)).split("\n");
  const before = (await log()).length;
  expect((await proxy.get("/version")).statusCode).toBe(200);
  expect(await proxy.status("DELETE /services/precious HTTP/1.1", "Host: docker")).toBe(403);
  await eventually("the line of what it refused", { withinMs: 10_000 }, async () =>
    (await log()).length > before ? true : undefined,
  );
  const lines = (await log()).slice(before).map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual([
    expect.objectContaining({ status: 403, method: "DELETE", path: "/services/precious" }),
  ]);
});

test("every line that it writes is JSON, also what HAProxy says of itself", async () => {
  const own = await SocketProxy.start();
  try {
    await own.listening();
    await docker("exec", own.name, "sh", "-c", "kill -USR1 1");
    await docker("wait", own.name);
    const { stdout, stderr } = await promisify(execFile)("docker", ["logs", own.name]);
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining("passing on") as string }),
    );
  } finally {
    await own.remove();
  }
});

test("is healthy while the engine answers, and stops at once", async () => {
  const own = await SocketProxy.start();
  try {
    await own.listening();
    expect(await own.health()).toBe(0);
    // An open event stream holds nothing up.
    await own.get("/v1.41/events");
    const start = Date.now();
    await docker("stop", "--time", "10", own.name);
    expect(Date.now() - start).toBeLessThan(5_000);
  } finally {
    await own.remove();
  }
});

test("is not healthy when nobody answers at the socket", async () => {
  const folder = mkdtempSync(join(tmpdir(), "socket-proxy-"));
  const path = join(folder, "docker.sock");
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const own = await SocketProxy.start(path);
  try {
    await own.listening();
    expect(await own.health()).toBe(1);
    expect((await read(await own.get("/version"))).status).toBeGreaterThanOrEqual(500);
  } finally {
    await own.remove();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
