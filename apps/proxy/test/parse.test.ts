import { parseReplicas, parseService } from "../src/routes/parse";
import { Refusal } from "../src/routes/refusal";
import type { Parameters } from "../src/routes/service";
import { APP1, PARSE } from "./support";

function refusalOf(parameters: Parameters): Refusal {
  try {
    parseService(parameters, PARSE);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("parseService", () => {
  it("takes the article's labels", () => {
    expect(parseService(APP1, PARSE)).toEqual({
      service: {
        name: "app1",
        aclName: "app1",
        hasOwnAclName: false,
        replicas: 3,
        domainAlgorithm: "hdr(host)",
        isDefaultBackend: false,
        destinations: [
          { index: 0, port: 8080, paths: ["/app1"], pathType: "path_beg", domains: [] },
        ],
      },
      ignored: [],
    });
  });

  it.each(["''", '""', ""])("takes serviceDomain=%s for any host", (serviceDomain) => {
    const { service } = parseService({ ...APP1, serviceDomain }, PARSE);
    expect(service.destinations[0]?.domains).toEqual([]);
  });

  it("splits lists and drops the blanks around commas", () => {
    const { service } = parseService(
      { ...APP1, servicePath: "/a, /b,/c", serviceDomain: "A.Example, *.b.example" },
      PARSE,
    );
    expect(service.destinations[0]?.paths).toEqual(["/a", "/b", "/c"]);
    expect(service.destinations[0]?.domains).toEqual(["a.example", "*.b.example"]);
  });

  it("lets a suffixed parameter fall back to the one without suffix", () => {
    const { service } = parseService(
      {
        serviceName: "two",
        port: "80",
        "servicePath.1": "/one",
        "servicePath.2": "/two",
        "port.2": "81",
        healthPath: "/ready",
        "healthPath.1": "/one/ready",
      },
      PARSE,
    );
    expect(service.destinations).toMatchObject([
      { index: 1, port: 80, paths: ["/one"], healthPath: "/one/ready" },
      { index: 2, port: 81, paths: ["/two"], healthPath: "/ready" },
    ]);
  });

  it("takes a domain alone as all its paths", () => {
    const { service } = parseService(
      { serviceName: "a", port: "80", serviceDomain: "a.example" },
      PARSE,
    );
    expect(service.destinations[0]?.paths).toEqual(["/"]);
  });

  it("names parameters that have no effect", () => {
    const { ignored } = parseService(
      { ...APP1, discoveryType: "DNS", colour: "blue", httpsOnly: "false" },
      PARSE,
    );
    expect(ignored).toEqual(["discoveryType", "colour"]);
  });

  it.each<[string, Parameters, number, string]>([
    ["no name", { port: "80", servicePath: "/" }, 400, "serviceName"],
    ["neither path nor domain", { serviceName: "a", port: "80" }, 409, "servicePath"],
    [
      "an empty domain and no path",
      { serviceName: "a", port: "80", serviceDomain: "''" },
      409,
      "serviceDomain",
    ],
    ["no port", { serviceName: "a", servicePath: "/a" }, 400, "port"],
    ["no port at a suffix", { serviceName: "a", "servicePath.1": "/a" }, 400, "port.1"],
    ["tcp without srcPort", { serviceName: "a", reqMode: "tcp", port: "80" }, 400, "srcPort"],
    ["tcp", { serviceName: "a", reqMode: "tcp", port: "1", srcPort: "1" }, 400, "reqMode"],
    ["sni", { serviceName: "a", reqMode: "sni", port: "1", srcPort: "443" }, 400, "reqMode"],
    ["a port not bound", { ...APP1, srcPort: "443" }, 400, "srcPort"],
    ["port abc", { ...APP1, port: "abc" }, 400, "port"],
    ["port 0", { ...APP1, port: "0" }, 400, "port"],
    ["port 65536", { ...APP1, port: "65536" }, 400, "port"],
    ["port +80", { ...APP1, port: "+80" }, 400, "port"],
    ["a path without slash", { ...APP1, servicePath: "app1" }, 400, "servicePath"],
    ["an empty list of paths", { ...APP1, servicePath: "," }, 400, "servicePath"],
    ["an empty list of domains", { ...APP1, serviceDomain: " , " }, 400, "serviceDomain"],
    ["replicas that are none", { ...APP1, replicas: "many" }, 400, "replicas"],
    ["a gap in the suffixes", { serviceName: "a", port: "1", "servicePath.2": "/a" }, 400, ".1"],
    ["suffix 11", { ...APP1, "port.11": "80" }, 400, "port.11"],
    ["suffix 0", { ...APP1, "port.0": "80" }, 400, "port.0"],
    ["a suffix where none may be", { ...APP1, "aclName.1": "a" }, 400, "aclName.1"],
    ["a parameter not supported", { ...APP1, httpsOnly: "true" }, 400, "httpsOnly"],
    [
      "a suffixed one not supported",
      { ...APP1, "reqPathSearchReplace.1": "a,b" },
      400,
      "reqPathSearchReplace.1",
    ],
    ["a regular expression", { ...APP1, pathType: "path_reg" }, 400, "pathType"],
    ["a health path without slash", { ...APP1, healthPath: "ready" }, 400, "healthPath"],
  ])("refuses %s", (_case, parameters, status, named) => {
    const refusal = refusalOf(parameters);
    expect(refusal.status).toBe(status);
    expect(refusal.message).toContain(named);
  });
});

/** What would end a line, a word or a quoted word of haproxy.cfg, or start something else in it. */
const HOSTILE = [
  "\n    bind :81",
  "\r\nfrontend evil",
  "x'\n",
  "'",
  '"',
  "\\",
  " if TRUE",
  "\t",
  "#",
  "$HOME",
  "${HOME}",
  "{",
  "}",
  "[",
  "\u0000",
  "\u2028",
  "é",
];

describe.each([
  ["serviceName", "a"],
  ["aclName", "a"],
  ["port", "80"],
  ["servicePath", "/a"],
  ["serviceDomain", "a.example"],
  ["healthPath", "/a"],
  ["pathType", "path_beg"],
  ["srcPort", "80"],
  ["reqMode", "http"],
  ["replicas", "1"],
  ["timeoutServer", "1"],
  ["timeoutTunnel", "1"],
  ["serviceDomainAlgo", "hdr(host)"],
  ["isDefaultBackend", "true"],
])("%s", (parameter, good) => {
  it("takes a good value", () => {
    expect(() => parseService({ ...APP1, [parameter]: good }, PARSE)).not.toThrow();
  });

  it.each(HOSTILE.flatMap((text) => [[good + text], [text + good], [`${good}${text}${good}`]]))(
    "refuses %j",
    (value) => {
      const refusal = refusalOf({ ...APP1, [parameter]: value });
      expect(refusal.status).toBe(400);
      expect(refusal.message).toContain(parameter);
      expect(refusal.message).not.toMatch(/[\n\r\u2028]/);
    },
  );
});

describe("parseReplicas", () => {
  it("takes an absent value for a global service", () => {
    expect(parseReplicas({ serviceName: "a" })).toBeUndefined();
    expect(parseReplicas({ serviceName: "a", replicas: "" })).toBeUndefined();
    expect(parseReplicas({ serviceName: "a", replicas: "0" })).toBe(0);
  });
});
