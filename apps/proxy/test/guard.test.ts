import { renderConfig } from "../src/haproxy/render";
import { askedGuards, guardsOf, isTooOpen } from "../src/routes/guard";
import { parseService } from "../src/routes/parse";
import { toRoute } from "../src/routes/route";
import type { Parameters, Service } from "../src/routes/service";
import { closed, EMPTY_TABLE, settle, withRefusal, withRoute } from "../src/routes/table";
import { APP1, PARSE, RENDER } from "./support";

const serviceOf = (parameters: Parameters): Service => parseService(parameters, PARSE).service;

/** Whether a route that was made of one set of parameters is too open for another. */
const tooOpen = (kept: Parameters, asked: Parameters): boolean =>
  isTooOpen(serviceOf({ ...APP1, ...kept }), askedGuards({ ...APP1, ...asked }, PARSE));

describe("a route is too open for parameters that cannot be granted", () => {
  it.each<[string, Parameters, Parameters]>([
    ["users", {}, { users: "joe:secret" }],
    ["a secret that is not there", {}, { usersSecret: "staff" }],
    ["other users", { users: "joe:a,ann:b" }, { users: "joe:a" }],
    ["another password", { users: "joe:a" }, { users: "joe:b" }],
    [
      "users, without ignoreAuthorization",
      { users: "joe:a", ignoreAuthorization: "true" },
      { users: "joe:a" },
    ],
    ["methods", {}, { allowedMethods: "GET" }],
    ["fewer methods", { allowedMethods: "GET,POST" }, { allowedMethods: "get" }],
    ["methods that are denied", { deniedMethods: "PUT" }, { deniedMethods: "PUT,DELETE" }],
    ["no HTTP", {}, { denyHttp: "true" }],
    ["a redirect to HTTPS", {}, { httpsOnly: "true" }],
    ["a redirect by its older name", {}, { redirectWhenHttpProto: "true" }],
    ["a client's certificate, without a CA", {}, { verifyClientSsl: "true" }],
    ["methods that cannot be read", {}, { allowedMethods: "," }],
    ["a flag that cannot be read", {}, { verifyClientSsl: "yes" }],
    ["users of one of its ways", {}, { "servicePath.1": "/a", "denyHttp.1": "true" }],
  ])("with %s", (_case, kept, asked) => {
    expect(tooOpen(kept, { ...asked, port: "abc" })).toBe(true);
  });

  it.each<[string, Parameters, Parameters]>([
    ["nothing of the kind", {}, {}],
    ["the same users", { users: "joe:a,ann:b" }, { users: "ann:b,joe:a" }],
    ["more users", { users: "joe:a" }, { users: "joe:a,ann:b" }],
    ["none any more", { users: "joe:a", denyHttp: "true", allowedMethods: "GET" }, {}],
    ["more methods", { allowedMethods: "GET" }, { allowedMethods: "get,post" }],
    ["fewer that are denied", { deniedMethods: "PUT,DELETE" }, { deniedMethods: "PUT" }],
    ["false", {}, { denyHttp: "false", httpsOnly: "0", verifyClientSsl: "f" }],
    ["users where it asks for none", {}, { users: "joe:a", ignoreAuthorization: "true" }],
    ["a redirect where HTTP is denied", { denyHttp: "true" }, { httpsOnly: "true" }],
    [
      "guards of one way of two",
      { "servicePath.1": "/a", "servicePath.2": "/b", "port.2": "81", "denyHttp.2": "true" },
      { "servicePath.1": "/a", "servicePath.2": "/b", "port.2": "81", "denyHttp.2": "true" },
    ],
  ])("but not with %s", (_case, kept, asked) => {
    expect(tooOpen(kept, { ...asked, port: "abc" })).toBe(false);
  });

  it("also by TCP, where nobody can be kept out", () => {
    const tcp = { serviceName: "db", reqMode: "tcp", srcPort: "7000", port: "5432" };
    const service = serviceOf(tcp);
    expect(isTooOpen(service, askedGuards({ ...tcp, users: "joe:a" }, PARSE))).toBe(true);
    expect(isTooOpen(service, askedGuards({ ...tcp, port: "abc" }, PARSE))).toBe(false);
  });

  it("but never where a certificate authority looks", () => {
    const acme = { ...APP1, servicePath: "/.well-known/acme-challenge" };
    expect(isTooOpen(serviceOf(acme), askedGuards({ ...acme, httpsOnly: "true" }, PARSE))).toBe(
      false,
    );
    expect(isTooOpen(serviceOf(acme), undefined)).toBe(false);
  });
});

describe("a closed route", () => {
  const routeOf = (parameters: Parameters) =>
    toRoute(serviceOf(parameters), parameters, "listener");

  it("denies every request before all else, whatever it asked for", () => {
    const route = closed(routeOf({ ...APP1, users: "joe:a", httpsOnly: "true" }), "no secret");
    const text = renderConfig(
      settle({ ...EMPTY_TABLE, routes: new Map([["app1", route]]) }),
      RENDER,
    );
    const backend = text.slice(text.indexOf("\nbackend app1-be8080_0") + 1);
    expect(backend).toMatch(
      /^backend \S+\n(?: {4}(?!http-request).*\n)* {4}http-request deny if TRUE\n/,
    );
    expect(text).toContain("use_backend app1-be8080_0");
    expect(text).not.toMatch(/http-request (?:redirect|auth)/);
  });

  it("has no server by TCP; others of its group keep theirs", () => {
    const member = { reqMode: "tcp", srcPort: "7000", serviceGroup: "g", port: "80" };
    const [a, b] = ["a", "b"].map((serviceName) => routeOf({ ...member, serviceName }));
    if (!a || !b) throw new Error("two routes");
    const routes = new Map([
      ["a", closed(a, "no users by TCP")],
      ["b", b],
    ]);
    const text = renderConfig(settle({ ...EMPTY_TABLE, routes }), RENDER);
    expect(text).toContain("tasks.b:80");
    expect(text).not.toContain("tasks.a:80");
  });

  it("stays closed, its claims its own, until the service gets what it asks for", () => {
    const open = settle(withRoute(routeOf(APP1))(EMPTY_TABLE));
    const refused = { reason: "no secret", digest: "x", source: "listener" } as const;
    const shut = settle(withRefusal("app1", refused, undefined)(open));
    expect(shut.routes.get("app1")?.service.closed).toBe("no secret");
    // Worse still, but asking for nobody: it does not open by that.
    const worse = settle(withRefusal("app1", { ...refused, reason: "port" }, new Map())(shut));
    expect(worse.routes.get("app1")?.service.closed).toBe("no secret");
    const other = routeOf({ ...APP1, serviceName: "other" });
    expect([...settle(withRoute(other)(worse)).routes.keys()]).toEqual(["app1"]);
    const good = settle(withRoute(routeOf({ ...APP1, users: "joe:a" }))(worse));
    expect(good.routes.get("app1")?.service).toMatchObject({ users: [{ name: "joe" }] });
    expect(good.routes.get("app1")?.service.closed).toBeUndefined();
  });

  it("is what remains of who asks for users and for what an older service has", () => {
    const old = routeOf({
      ...APP1,
      serviceName: "old",
      servicePath: "/x",
      createdAt: "2020-01-01T00:00:00Z",
    });
    const young = routeOf({ ...APP1, createdAt: "2021-01-01T00:00:00Z" });
    const wanted = { ...APP1, servicePath: "/x", createdAt: "2021-01-01T00:00:00Z" };
    const table = [old, young].reduce((all, one) => settle(withRoute(one)(all)), EMPTY_TABLE);
    const plain = settle(withRoute(routeOf(wanted))(table));
    expect(plain.routes.get("app1")?.service.closed).toBeUndefined();
    const guarded = settle(withRoute(routeOf({ ...wanted, users: "joe:a" }))(table));
    expect(guarded.routes.get("app1")?.service).toMatchObject({
      destinations: [{ paths: ["/app1"] }],
      closed: expect.stringContaining("old has the path /x") as string,
    });
  });

  it("compares a way in that is no longer asked for with all that are", () => {
    const service = serviceOf(APP1);
    const split = { ...APP1, servicePath: "", "servicePath.1": "/a", "servicePath.2": "/b" };
    const some = guardsOf(serviceOf({ ...split, "port.2": "81", "denyHttp.2": "true" }));
    expect(isTooOpen(service, some)).toBe(true);
    expect(isTooOpen(service, guardsOf(serviceOf(split)))).toBe(false);
  });
});
