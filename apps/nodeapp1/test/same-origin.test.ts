import { get, startApp, type TestApp } from "./harness";

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ TRUST_PROXY: "loopback" }, (req, res, next) => {
    if (req.path === "/change") res.json({ done: true });
    else next();
  });
});

const send = (headers: Record<string, string>, method = "POST") =>
  get(app.port, "/app1/change", { method, headers: { Host: "Shop.example:8080", ...headers } });

test.each([
  ["what our own page sends", { "Sec-Fetch-Site": "same-origin" }],
  ["what the user does", { "Sec-Fetch-Site": "none" }],
  ["a browser over plain HTTP", { Origin: "http://shop.example:8080" }],
  ["behind someone else's TLS", { Origin: "https://shop.example:8080" }],
  [
    "behind our proxy",
    { Host: "10.1.1.1", "X-Forwarded-Host": "shop.example", Origin: "https://shop.example" },
  ],
  ["a program", {}],
])("%s is done", async (_who, headers) => {
  expect((await send(headers)).status).toBe(200);
});

test.each([
  ["another site", { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" }],
  [
    "another site that forges our origin",
    {
      "Sec-Fetch-Site": "cross-site",
      Origin: "http://shop.example:8080",
    },
  ],
  ["a sister", { "Sec-Fetch-Site": "same-site", Origin: "https://blog.example" }],
  ["another site, over plain HTTP", { Origin: "http://evil.example" }],
  ["another port", { Origin: "http://shop.example" }],
  ["a name that ends like ours", { Origin: "http://evil-shop.example:8080" }],
  ["a sandboxed frame", { Origin: "null" }],
  ["nobody", { Origin: "" }],
])("%s is refused", async (_who, headers) => {
  for (const method of ["POST", "PUT", "DELETE"]) {
    const reply = await send(headers, method);
    expect(reply.status).toBe(403);
    expect(reply.body).toContain("sent from another site");
  }
});

test("links from anywhere may be followed", async () => {
  const headers = { "Sec-Fetch-Site": "cross-site" };
  expect((await send(headers, "GET")).status).toBe(200);
  expect((await send(headers, "HEAD")).status).toBe(200);
});

test("who is not a trusted proxy cannot say what our name is", async () => {
  const other = await startApp({ TRUST_PROXY: "none" });
  const headers = { "X-Forwarded-Host": "evil.example", Origin: "http://evil.example" };
  expect((await get(other.port, "/app1", { method: "POST", headers })).status).toBe(403);
});
