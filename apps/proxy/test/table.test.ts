import { parseService } from "../src/routes/parse";
import { toRoute } from "../src/routes/route";
import type { Parameters } from "../src/routes/service";
import {
  EMPTY_TABLE,
  type Route,
  type RouteTable,
  settle,
  withoutRoute,
  withRefusal,
  withRoute,
} from "../src/routes/table";
import { PARSE } from "./support";

/** @param age the smaller, the older; undefined: nobody says when it was created */
function route(name: string, age: number | undefined, parameters: Parameters): Route {
  const all = {
    serviceName: name,
    port: "80",
    ...(age === undefined ? {} : { createdAt: new Date(age * 1000).toISOString() }),
    ...parameters,
  };
  return toRoute(parseService(all, PARSE).service, all, "listener");
}

function take(table: RouteTable, ...routes: Route[]): RouteTable {
  return routes.reduce((before, wanted) => settle(withRoute(wanted)(before)), table);
}

const told = (table: RouteTable): Record<string, string> =>
  Object.fromEntries([...table.refused].map(([name, { reason }]) => [name, reason]));
const live = (table: RouteTable): string[] => [...table.routes.keys()].sort();

const A = { servicePath: "/a" };

describe("settle", () => {
  it("lets the older of two keep a path, in whatever order they come", () => {
    const old = route("old", 1, A);
    const young = route("young", 2, A);
    for (const routes of [
      [old, young],
      [young, old],
    ]) {
      const table = take(EMPTY_TABLE, ...routes);
      expect(live(table)).toEqual(["old"]);
      expect(told(table)).toEqual({
        young: "old has the path /a of any domain already, and is older",
      });
    }
  });

  it("lets who was there first keep it where nobody says when they were created", () => {
    const table = take(EMPTY_TABLE, route("first", undefined, A), route("second", undefined, A));
    expect(live(table)).toEqual(["first"]);
    expect(live(take(table, route("first", undefined, { ...A, replicas: "3" })))).toEqual([
      "first",
    ]);
  });

  it("gives it to who was refused once the owner is gone", () => {
    const table = take(EMPTY_TABLE, route("old", 1, A), route("young", 2, A));
    const after = settle(withoutRoute("old")(table));
    expect(live(after)).toEqual(["young"]);
    expect(told(after)).toEqual({});
  });

  it("gives it to who was refused once the owner asks for something else", () => {
    const table = take(EMPTY_TABLE, route("old", 1, A), route("young", 2, A));
    expect(live(take(table, route("old", 1, { servicePath: "/b" })))).toEqual(["old", "young"]);
  });

  it("leaves who loses the route that it had", () => {
    const before = route("young", 2, { servicePath: "/y" });
    const table = take(EMPTY_TABLE, route("old", 1, A), before, route("young", 2, A));
    expect(table.routes.get("young")?.service.destinations[0]?.paths).toEqual(["/y"]);
    expect(told(table)).toHaveProperty("young");
  });

  it("lets a younger one have what the one before it has lost", () => {
    const table = take(
      EMPTY_TABLE,
      route("youngest", 3, { servicePath: "/b" }),
      route("young", 2, { servicePath: "/a,/b" }),
      route("old", 1, A),
    );
    expect(live(table)).toEqual(["old", "youngest"]);
    expect(told(table)).toEqual({
      young: expect.stringContaining("old has the path /a") as string,
    });
  });

  it("keeps a refusal for wrong parameters beside the route that it leaves", () => {
    const table = take(EMPTY_TABLE, route("a", 1, A));
    const wrong = { reason: "port must be a number", digest: "x", source: "listener" } as const;
    const after = settle(withRefusal("a", wrong, new Map())(table));
    expect(live(after)).toEqual(["a"]);
    expect(told(after)).toEqual({ a: "port must be a number" });
    expect(told(take(after, route("a", 1, A)))).toEqual({});
  });

  it.each<[string, Parameters, Parameters]>([
    ["another path", A, { servicePath: "/a/b" }],
    ["another domain", { serviceDomain: "a.example" }, { serviceDomain: "b.example" }],
    ["any domain and one", A, { ...A, serviceDomain: "a.example" }],
    ["another path type", A, { ...A, pathType: "path" }],
    ["a header besides", A, { ...A, serviceHeader: "X-Version:2" }],
    ["an agent besides", A, { ...A, userAgent: "bot" }],
    ["the other scheme", { ...A, srcPort: "80" }, { ...A, srcPort: "443" }],
    ["another port", { reqMode: "tcp", srcPort: "7000" }, { reqMode: "tcp", srcPort: "7001" }],
    [
      "one group on one port",
      { reqMode: "tcp", srcPort: "7000", serviceGroup: "g" },
      { reqMode: "tcp", srcPort: "7000", serviceGroup: "g" },
    ],
    [
      "a name, and all the others",
      { reqMode: "tcp", srcPort: "7000", serviceDomain: "a.example" },
      { reqMode: "tcp", srcPort: "7000" },
    ],
  ])("takes both for %s", (_case, a, b) => {
    expect(live(take(EMPTY_TABLE, route("a", 1, a), route("b", 2, b)))).toEqual(["a", "b"]);
  });

  it.each<[string, Parameters, Parameters, string]>([
    [
      "one of several paths",
      { servicePath: "/x,/a" },
      { servicePath: "/a,/y" },
      "the path /a of any domain",
    ],
    [
      "one of several domains",
      { serviceDomain: "a.example,b.example" },
      { serviceDomain: "B.example" },
      "the path / of b.example",
    ],
    [
      "one port",
      { reqMode: "tcp", srcPort: "7000" },
      { reqMode: "tcp", srcPort: "7000", port: "81" },
      "the port 7000",
    ],
    [
      "a group's port",
      { reqMode: "tcp", srcPort: "7000", serviceGroup: "g" },
      { reqMode: "tcp", srcPort: "7000", serviceGroup: "h" },
      "the port 7000",
    ],
    [
      "one name on one port",
      { reqMode: "sni", srcPort: "443", serviceDomain: "a.example" },
      { reqMode: "sni", srcPort: "443", servicePath: "a.example" },
      "the name a.example on port 443",
    ],
    [
      "the requests that nobody takes",
      { servicePath: "/a", isDefaultBackend: "true" },
      { servicePath: "/b", isDefaultBackend: "true" },
      "isDefaultBackend",
    ],
  ])("refuses the younger for %s", (_case, a, b, what) => {
    const table = take(EMPTY_TABLE, route("b", 2, b), route("a", 1, a));
    expect(live(table)).toEqual(["a"]);
    expect(told(table)).toEqual({ b: `a has ${what} already, and is older` });
  });

  it("lets one service ask for the same twice", () => {
    const twice = { "servicePath.1": "/a", "servicePath.2": "/a", "port.2": "81" };
    expect(live(take(EMPTY_TABLE, route("a", 1, twice)))).toEqual(["a"]);
  });

  it("takes part in groups of three", () => {
    const member = { reqMode: "tcp", srcPort: "7000", serviceGroup: "g" };
    const routes = ["a", "b", "c"].map((name, i) => route(name, i, member));
    expect(live(take(EMPTY_TABLE, ...routes))).toEqual(["a", "b", "c"]);
  });
});
