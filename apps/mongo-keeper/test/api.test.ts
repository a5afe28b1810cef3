import type { AddressInfo } from "node:net";
import { createApi } from "../src/api";
import type { Status } from "../src/keeper";
import { objection } from "../src/objection";

const status: Status = {
  state: "healthy",
  reason: "a:1 is primary of 3",
  settled: true,
  calm: true,
  setName: "rs0",
  wanted: ["a:1", "b:1", "c:1"],
  members: [
    { host: "a:1", state: "PRIMARY" },
    { host: "b:1", state: "SECONDARY" },
    { host: "c:1", state: "SECONDARY" },
  ],
  users: ["app1-1"],
  stage: "formed",
  at: "2026-01-02T03:04:05.000Z",
};
const now = Date.parse(status.at) + 1_000;

async function request(
  path: string,
  method = "GET",
  roundEnded = Date.now(),
): Promise<{ code: number; body: unknown }> {
  const server = createApi({ status: () => status, roundEnded });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { code: response.status, body: await response.json() };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("tells the set's state", async () => {
  expect(await request("/status")).toEqual({ code: 200, body: status });
});

test("is alive as long as its rounds end, whatever the set's state, which it tells too", async () => {
  expect(await request("/health/live")).toEqual({
    code: 200,
    body: { state: status.state, reason: status.reason },
  });
  expect(await request("/health/live", "GET", Date.now() - 200_000)).toMatchObject({ code: 503 });
});

test("takes nothing but questions that it knows", async () => {
  expect(await request("/status", "POST")).toMatchObject({ code: 405 });
  expect(await request("/other")).toMatchObject({ code: 404 });
});

describe("what is waited for", () => {
  const settled = (changes: Partial<Status>, members = "a:1,b:1,c:1", users = "app1-1") =>
    objection({ ...status, ...changes }, "settled", [members, users], now);
  const calm = (changes: Partial<Status>, host = "b:1") =>
    objection({ ...status, ...changes }, "calm", [host], now);

  test("is there when members and users are as they were asked for", () => {
    expect(settled({})).toBeUndefined();
    expect(settled({ settled: false })).toBe("healthy: a:1 is primary of 3");
    expect(settled({}, "a:1")).toMatch(/not been told of the members/);
    expect(settled({}, "a:1,b:1,c:1", "app1-1,app1-2")).toBeDefined();
  });

  test("is not there when the keeper has not looked for long", () => {
    expect(settled({ at: "2026-01-02T03:00:00.000Z" })).toMatch(/last looked at/);
  });

  test("is calm when the next member can be spared, or does not work anyway", () => {
    expect(calm({})).toBeUndefined();
    expect(calm({ calm: false })).toBe("healthy: a:1 is primary of 3");
    const members = [{ host: "b:1", state: "DOWN" }];
    expect(calm({ calm: false, members })).toBeUndefined();
    expect(calm({ calm: false, members: [] })).toBeUndefined();
    expect(calm({ calm: false, state: "starting", members: [] })).toBeDefined();
    expect(calm({ calm: false, state: "failing", members: [] })).toBeDefined();
  });
});
