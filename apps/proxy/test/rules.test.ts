import { orderRules } from "../src/routes/rules";
import type { Parameters } from "../src/routes/service";
import { tableOf } from "./support";

function order(...services: Parameters[]): string[] {
  const table = tableOf(services.map((service) => ({ port: "80", ...service })));
  return orderRules([...table.routes.values()].map(({ service }) => service)).map(
    ({ service, path, destination }) =>
      `${service.name}${destination.domains.map((domain) => `@${domain}`).join("")} ${path}`,
  );
}

describe("orderRules", () => {
  it("tries well-known paths first, the root last, and goes by aclName between", () => {
    expect(
      order(
        { serviceName: "root", servicePath: "/" },
        { serviceName: "b", servicePath: "/b" },
        { serviceName: "a", servicePath: "/a", aclName: "zz" },
        { serviceName: "zz-acme", servicePath: "/.well-known/acme-challenge" },
      ),
    ).toEqual(["zz-acme /.well-known/acme-challenge", "b /b", "a /a", "root /"]);
  });

  it("tries the narrower of two services without aclName first", () => {
    expect(
      order(
        { serviceName: "app1", servicePath: "/app1" },
        { serviceName: "app10", servicePath: "/app10" },
        { serviceName: "app100", servicePath: "/app100" },
        { serviceName: "other", servicePath: "/x" },
      ),
    ).toEqual(["app100 /app100", "app10 /app10", "app1 /app1", "other /x"]);
  });

  it("tries a domain's rule before that of any host", () => {
    expect(
      order(
        { serviceName: "any", servicePath: "/" },
        { serviceName: "site", serviceDomain: "site.example" },
      ),
    ).toEqual(["site@site.example /", "any /"]);
  });

  it("tries a rule that asks for more before one that takes all", () => {
    expect(
      order(
        { serviceName: "all", servicePath: "/a" },
        { serviceName: "canary", servicePath: "/a", serviceHeader: "X-Version:2" },
        { serviceName: "robots", servicePath: "/a", userAgent: "bot" },
        { serviceName: "tls", servicePath: "/a", srcPort: "443" },
        { serviceName: "under", servicePath: "/a/b" },
      ),
    ).toEqual(["canary /a", "robots /a", "under /a/b", "tls /a", "all /a"]);
  });

  it("tries a narrower path first whatever the scheme", () => {
    expect(
      order({
        serviceName: "a",
        "servicePath.1": "/a",
        "srcPort.1": "80",
        "servicePath.2": "/a/b",
      }),
    ).toEqual(["a /a/b", "a /a"]);
  });

  it("tries a certificate authority's path first, whatever the aclNames", () => {
    expect(
      order(
        { serviceName: "early", servicePath: "/.well-known/x,/", aclName: "00" },
        { serviceName: "companion", servicePath: "/.well-known/acme-challenge" },
      )[0],
    ).toBe("companion /.well-known/acme-challenge");
  });

  it("keeps the order that aclNames state", () => {
    expect(
      order(
        { serviceName: "app1", servicePath: "/app1", aclName: "01" },
        { serviceName: "app10", servicePath: "/app10", aclName: "02" },
      ),
    ).toEqual(["app1 /app1", "app10 /app10"]);
  });

  it("ends when services are narrower than each other in different paths", () => {
    expect(
      order(
        { serviceName: "a", servicePath: "/a,/b/c" },
        { serviceName: "b", servicePath: "/b,/a/c" },
      ),
    ).toEqual(["b /a/c", "a /a", "a /b/c", "b /b"]);
  });
});
