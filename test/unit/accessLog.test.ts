import type { Exchange } from "../e2e/support/load";
import { compare, type Entry } from "../faults/support/accessLog";

const exchange = (id: string, more: Partial<Exchange> = {}): Exchange => ({
  ...{ id, at: 0, tookMs: 1, resent: false, proxyId: `proxy's ${id}` },
  ...more,
});
const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  ...{ time: "", status: 200, retries: 0, server: "task1" },
  ...{ client_request_id: id, request_id: `proxy's ${id}`, ...more },
});

test("answers that the log knows match", () => {
  const found = compare([exchange("a"), exchange("b")], [entry("b"), entry("a"), entry("other")]);
  expect(found).toEqual({ mismatches: [], logged: 1 });
});

test.each<[string, readonly Entry[]]>([
  ["of another request", [entry("a", { request_id: "proxy's b" })]],
  ["of another status", [entry("a", { status: 503 })]],
  ["to a request that came twice", [entry("a"), entry("a")]],
])("an answer %s does not", (_, log) => {
  expect(compare([exchange("a")], log).mismatches).toEqual([
    expect.stringMatching(/^a, answered as proxy's a: /),
  ]);
});

test("requests without a line are counted, those that failed are not", () => {
  const exchanges = [exchange("a"), exchange("b"), exchange("c", { failure: "status 503" })];
  expect(compare(exchanges, [entry("a")])).toEqual({ mismatches: [], logged: 0.5 });
});
