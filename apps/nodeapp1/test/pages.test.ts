import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { get, startApp, type TestApp } from "./harness";

const PUBLIC = path.join(__dirname, "../src/public");
const STYLE_VERSION = createHash("sha256")
  .update(readFileSync(path.join(PUBLIC, "style.css")))
  .digest("hex")
  .slice(0, 16);

let app: TestApp;
beforeAll(async () => {
  app = await startApp(
    { TASK_NAME: 'app1.1.<b>"x"', NODE_NAME: "worker-1" },
    // One route that fails with something secret in its message, one that fails half way.
    (req, res, next) => {
      if (req.path === "/boom") throw new Error("password=hunter2");
      if (req.path === "/boom-later") {
        res.write("half");
        throw new Error("too late");
      }
      if (req.path === "/too-large") throw Object.assign(new Error("hunter2"), { status: 413 });
      if (req.path === "/upstream") throw Object.assign(new Error("hunter2"), { status: 502 });
      if (req.path === "/rejects") return Promise.reject(new Error("password=hunter2"));
      return next();
    },
  );
});

describe("the page", () => {
  test.each(["/app1", "/app1/", "/app1?x=1"])("%s says Hello World!", async (url) => {
    const reply = await get(app.port, url);
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(reply.body).toContain("<h1>Hello World!</h1>");
    expect(reply.body).toContain("worker-1");
  });

  test("is a whole, minified document", async () => {
    const { body } = await get(app.port, "/app1");
    expect(body).toMatch(/^<!doctype html><html lang=en><head>.*<\/body><\/html>$/s);
    expect(body).not.toMatch(/\n|> +</);
    expect(body).toContain("width=device-width");
  });

  test("escapes what it is given", async () => {
    const { body } = await get(app.port, "/app1");
    expect(body).toContain('<dd>app1.1.&lt;b>"x"</dd>');
    expect(body).not.toContain("<b>");
  });

  test("has nothing inline and nothing from elsewhere, as its policy demands", async () => {
    const { body } = await get(app.port, "/app1");
    expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|(href|src)="?https?:/);
  });

  test("is revalidated and answers 304 to its own ETag", async () => {
    const first = await get(app.port, "/app1");
    expect(first.headers["cache-control"]).toBe("private, no-cache");
    const etag = first.headers.etag ?? "";
    expect(etag).not.toBe("");
    const second = await get(app.port, "/app1", { headers: { "If-None-Match": etag } });
    expect(second).toMatchObject({ status: 304, body: "" });
  });

  test("HEAD has the headers and no body", async () => {
    const reply = await get(app.port, "/app1", { method: "HEAD" });
    expect(reply).toMatchObject({ status: 200, body: "" });
    expect(Number(reply.headers["content-length"])).toBeGreaterThan(100);
  });

  test("another service path moves everything", async () => {
    const other = await startApp({ SERVICE_PATH: "/shop/app2" });
    expect((await get(other.port, "/app1")).status).toBe(404);
    const page = await get(other.port, "/shop/app2");
    expect(page.body).toContain("<title>app2</title>");
    const style = /"(\/shop\/app2\/public\/style\.css[^"]*)"/.exec(page.body)?.[1] ?? "";
    expect((await get(other.port, style)).status).toBe(200);
    expect((await get(other.port, "/shop/app2/health/live")).status).toBe(200);
  });

  test("can be mounted at the root", async () => {
    const other = await startApp({ SERVICE_PATH: "/" });
    expect((await get(other.port, "/")).body).toContain("Hello World!");
    expect((await get(other.port, "/health/ready")).status).toBe(200);
    expect((await get(other.port, "/public/style.css")).status).toBe(200);
  });
});

describe("headers", () => {
  test.each(["/app1", "/app1/public/style.css", "/app1/nothing", "/elsewhere", "/app1/boom"])(
    "%s is protected",
    async (url) => {
      const { headers } = await get(app.port, url);
      expect(headers["content-security-policy"]).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';" +
          "form-action 'self';base-uri 'none';frame-ancestors 'none'",
      );
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["x-frame-options"]).toBe("DENY");
      expect(headers["referrer-policy"]).toBe("same-origin");
      expect(headers["x-powered-by"]).toBeUndefined();
      // TLS is the proxy's business.
      expect(headers["strict-transport-security"]).toBeUndefined();
    },
  );
});

describe("compression", () => {
  test.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const)("%s where the client wants it", async (encoding, decode) => {
    const reply = await get(app.port, "/app1/public/style.css", {
      headers: { "Accept-Encoding": encoding },
    });
    expect(reply.headers["content-encoding"]).toBe(encoding);
    expect(reply.headers.vary).toContain("Accept-Encoding");
    expect(decode(reply.raw)).toEqual(readFileSync(path.join(PUBLIC, "style.css")));
  });

  test("not where it does not", async () => {
    const reply = await get(app.port, "/app1/public/style.css");
    expect(reply.headers["content-encoding"]).toBeUndefined();
  });
});

describe("static files", () => {
  test("the page's own links can be cached for ever", async () => {
    const { body } = await get(app.port, "/app1");
    const url = /"(\/app1\/public\/style\.css[^"]*)"/.exec(body)?.[1] ?? "";
    expect(url).toBe(`/app1/public/style.css?v=${STYLE_VERSION}`);
    const reply = await get(app.port, url);
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("text/css; charset=utf-8");
    expect(reply.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  test.each(["", "?v=", "?v=0000000000000000"])(
    "style.css%s is another version and has to be revalidated",
    async (query) => {
      const reply = await get(app.port, `/app1/public/style.css${query}`);
      expect(reply.headers["cache-control"]).toBe("public, no-cache");
      const etag = reply.headers.etag ?? "";
      const again = await get(app.port, `/app1/public/style.css${query}`, {
        headers: { "If-None-Match": etag },
      });
      expect(again.status).toBe(304);
    },
  );

  test("the favicon is an image", async () => {
    const reply = await get(app.port, "/app1/public/favicon.svg");
    expect(reply.headers["content-type"]).toBe("image/svg+xml");
  });

  test.each(["/app1/public", "/app1/public/", "/app1/public/../views/index.html"])(
    "%s gives nothing away",
    async (url) => expect((await get(app.port, url)).status).toBe(404),
  );

  test("encoded traversal gives nothing away", async () => {
    const reply = await get(app.port, "/app1/public/%2e%2e/views/index.html");
    expect([403, 404]).toContain(reply.status);
    expect(reply.body).not.toContain("{%");
  });
});

describe("health", () => {
  test("live and ready", async () => {
    for (const [kind, body] of [
      ["live", { status: "live" }],
      ["ready", { status: "ready", database: "none" }],
    ] as const) {
      const reply = await get(app.port, `/app1/health/${kind}`);
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.body)).toEqual(body);
      expect(reply.headers["cache-control"]).toBe("no-store");
    }
  });

  test("is no noise in the log", async () => {
    await get(app.port, "/app1/health/live");
    const line = app.logs.find(({ path: logged }) => logged === "/app1/health/live");
    expect(line).toMatchObject({ level: "debug", status: 200 });
  });
});

describe("errors", () => {
  test.each(["/", "/app2", "/app1/nothing", "/app11"])("%s is 404", async (url) => {
    const reply = await get(app.port, url);
    expect(reply.status).toBe(404);
    expect(reply.headers["cache-control"]).toBe("no-store");
    expect(reply.body).toContain("There is nothing at this address.");
    expect(reply.body).toContain(String(reply.headers["x-request-id"]));
    expect(reply.body).toMatch(/^<!doctype html>.*style\.css/s);
  });

  test.each(["/app1/boom", "/app1/rejects", "/app1/upstream"])(
    "%s is 500 and leaks nothing",
    async (url) => {
      const reply = await get(app.port, url);
      expect(reply.status).toBe(500);
      expect(reply.body).toContain("Internal Server Error");
      expect(reply.body).not.toMatch(/hunter2|at \w+|\.ts|node_modules/);
      const id = reply.headers["x-request-id"];
      const line = app.logs.find(
        ({ message, requestId }) => message === "request failed" && requestId === id,
      );
      expect(line).toMatchObject({
        level: "error",
        status: 500,
        error: {
          message: expect.stringContaining("hunter2") as string,
          stack: expect.stringContaining("pages.test") as string,
        },
      });
    },
  );

  test("what a body parser refuses is the client's error", async () => {
    const reply = await get(app.port, "/app1/too-large");
    expect(reply.status).toBe(413);
    expect(reply.body).toContain("Payload Too Large");
    expect(reply.body).not.toContain("hunter2");
  });

  test("a path that cannot be decoded is nothing", async () => {
    expect((await get(app.port, "/app1/public/%E0%A4%A")).status).toBe(404);
  });

  test("a failure after the first byte ends the connection", async () => {
    await expect(get(app.port, "/app1/boom-later")).rejects.toThrow(/aborted|hang up/);
  });

  test("programs get JSON", async () => {
    const reply = await get(app.port, "/app1/nothing", { headers: { Accept: "application/json" } });
    expect(JSON.parse(reply.body)).toEqual({
      status: 404,
      error: "Not Found",
      requestId: reply.headers["x-request-id"],
    });
  });
});
