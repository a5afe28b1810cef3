import { isWanted, parseReplicas, parseService } from "../src/routes/parse";
import { Refusal } from "../src/routes/refusal";
import type { Parameters, Service } from "../src/routes/service";
import { APP1, PARSE } from "./support";

/** A TCP route on a port that `TCP_PORTS` has. */
const TCP: Parameters = { serviceName: "redis", reqMode: "tcp", port: "6379", srcPort: "6379" };
const SNI: Parameters = {
  serviceName: "api",
  reqMode: "sni",
  port: "443",
  srcPort: "443",
  servicePath: "api.",
  pathType: "req_ssl_sni -i -m beg",
};

function serviceOf(parameters: Parameters): Service {
  return parseService(parameters, PARSE).service;
}

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
          {
            index: 0,
            port: 8080,
            paths: ["/app1"],
            pathType: "path_beg",
            excludedPaths: [],
            domains: [],
            isHttpsTwin: false,
            headers: [],
            userAgents: [],
            allowedMethods: [],
            deniedMethods: [],
            denyHttp: false,
            ignoreAuthorization: false,
            verifyClientSsl: false,
            tls: false,
            redirectFrom: [],
            rewrites: [],
          },
        ],
        streams: [],
        headers: [],
        sticky: false,
        users: [],
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
    ["a port not published", { ...TCP, srcPort: "6381" }, 400, "TCP_PORTS"],
    ["tcp on the HTTP port", { ...TCP, srcPort: "80" }, 400, "srcPort"],
    ["tcp for all on the HTTPS port", { ...TCP, srcPort: "443" }, 400, "srcPort"],
    ["sni without names", { ...TCP, reqMode: "sni" }, 400, "serviceDomain"],
    ["sni with a path's type", { ...SNI, pathType: "path_beg" }, 400, "pathType"],
    ["sni with an unknown match", { ...SNI, pathType: "req_ssl_sni -m len" }, 400, "pathType"],
    ["an unknown mode", { ...TCP, reqMode: "udp" }, 400, "reqMode"],
    ["users of a tcp route", { ...TCP, users: "joe:secret" }, 400, "users"],
    ["methods of a tcp route", { ...TCP, allowedMethods: "GET" }, 400, "allowedMethods"],
    [
      "a tcp route as default backend",
      { ...TCP, isDefaultBackend: "true" },
      400,
      "isDefaultBackend",
    ],
    ["HTTP on another port", { ...APP1, srcPort: "8081" }, 400, "srcPort"],
    ["srcHttpsPort alone", { ...APP1, srcHttpsPort: "443" }, 400, "srcHttpsPort"],
    ["srcHttpsPort 80", { ...APP1, srcHttpsPort: "80", httpsPort: "8443" }, 400, "srcHttpsPort"],
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
    ["a parameter not supported", { ...APP1, backendExtra: "option x" }, 400, "backendExtra"],
    ["a key in a label", { ...APP1, serviceCert: "KEY" }, 400, "cert-"],
    ["a template", { ...APP1, templateFePath: "/tmpl" }, 400, "templateFePath"],
    ["an unknown path type", { ...APP1, pathType: "path_len" }, 400, "pathType"],
    [
      "a rewrite without comma",
      { ...APP1, reqPathSearchReplace: "/a" },
      400,
      "reqPathSearchReplace",
    ],
    [
      "a rewrite of three",
      { ...APP1, reqPathSearchReplace: "/a,/b,g" },
      400,
      "reqPathSearchReplace",
    ],
    [
      "a suffixed rewrite",
      { ...APP1, "reqPathSearchReplace.1": "a", "port.1": "1" },
      400,
      "reqPathSearchReplace.1",
    ],
    ["a replacement alone", { ...APP1, reqPathReplace: "/b" }, 400, "reqPathSearch"],
    [
      "a redirect code of another kind",
      { ...APP1, httpsRedirectCode: "200" },
      400,
      "httpsRedirectCode",
    ],
    [
      "a redirect without a domain",
      { ...APP1, redirectFromDomain: "a.example" },
      400,
      "redirectFromDomain",
    ],
    [
      "a redirect to a wildcard",
      { ...APP1, redirectFromDomain: "a.example", serviceDomain: "*.b.example" },
      400,
      "redirectFromDomain",
    ],
    [
      "a redirect to itself",
      { ...APP1, redirectFromDomain: "b.example", serviceDomain: "b.example" },
      400,
      "redirectFromDomain",
    ],
    ["a header without value", { ...APP1, setReqHeader: "X-A" }, 400, "setReqHeader"],
    ["a header that frames", { ...APP1, setReqHeader: "Content-Length 0" }, 400, "Content-Length"],
    [
      "a header to delete that frames",
      { ...APP1, delReqHeader: "transfer-encoding" },
      400,
      "transfer-encoding",
    ],
    [
      "an expression in a header",
      { ...APP1, setResHeader: "X-A %[env(PATH)]" },
      400,
      "setResHeader",
    ],
    ["a header condition without value", { ...APP1, serviceHeader: "X-A" }, 400, "serviceHeader"],
    ["a session type", { ...APP1, sessionType: "sticky" }, 400, "sessionType"],
    [
      "a connection mode that is gone",
      { ...APP1, connectionMode: "forceclose" },
      400,
      "connectionMode",
    ],
    ["media types alone", { ...APP1, compressionType: "text/html" }, 400, "compressionType"],
    [
      "client certificates without CA",
      { ...APP1, verifyClientSsl: "true" },
      400,
      "verifyClientSsl",
    ],
    [
      "the proxy as outbound host",
      { ...APP1, outboundHostname: "127.0.0.1" },
      400,
      "outboundHostname",
    ],
    [
      "a wildcard as outbound host",
      { ...APP1, outboundHostname: "*.example" },
      400,
      "outboundHostname",
    ],
    ["a time that is none", { ...APP1, createdAt: "yesterday" }, 400, "createdAt"],
    ["a user without password", { ...APP1, users: "joe" }, 400, "users"],
    ["a user twice", { ...APP1, users: "joe:a,joe:b" }, 400, "users"],
    ["a secret that is not there", { ...APP1, usersSecret: "none" }, 400, "usersSecret"],
    ["a secret outside", { ...APP1, usersSecret: "../../etc/passwd" }, 400, "usersSecret"],
    [
      "a password that is not encrypted",
      { ...APP1, users: "joe:a", usersPassEncrypted: "true" },
      400,
      "usersPassEncrypted",
    ],
    ["an empty list of methods", { ...APP1, allowedMethods: "," }, 400, "allowedMethods"],
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

/** Parameters whose values are words of a kind: nothing of the above may be in them. */
const WORDS: readonly (readonly [parameter: string, good: string, besides?: Parameters])[] = [
  ["serviceName", "a"],
  ["aclName", "a"],
  ["port", "80"],
  ["servicePath", "/a"],
  ["servicePathExclude", "/a"],
  ["serviceDomain", "a.example"],
  ["redirectFromDomain", "old.example", { serviceDomain: "new.example" }],
  ["outboundHostname", "a.example"],
  ["healthPath", "/a"],
  ["pathType", "path_beg"],
  ["srcPort", "80"],
  ["httpsPort", "8443"],
  ["reqMode", "http"],
  ["replicas", "1"],
  ["createdAt", "2026-01-02T03:04:05.6Z"],
  ["timeoutServer", "1"],
  ["timeoutTunnel", "1"],
  ["serviceDomainAlgo", "hdr(host)"],
  ["isDefaultBackend", "true"],
  ["httpsOnly", "true"],
  ["httpsRedirectCode", "301"],
  ["denyHttp", "true"],
  ["sslVerifyNone", "true"],
  ["allowedMethods", "GET"],
  ["deniedMethods", "GET"],
  ["compressionAlgo", "gzip"],
  ["compressionType", "text/html", { compressionAlgo: "gzip" }],
  ["connectionMode", "http-server-close"],
  ["sessionType", "sticky-server"],
  ["delReqHeader", "X-A"],
  ["delResHeader", "X-A"],
  ["srcPort", "6379", { reqMode: "tcp" }],
  ["serviceGroup", "a", { reqMode: "tcp", srcPort: "6379", servicePath: "" }],
  ["balanceGroup", "leastconn", { reqMode: "tcp", srcPort: "6379" }],
  ["timeoutClient", "1", { reqMode: "tcp", srcPort: "6379" }],
  ["serviceDomain", "a.example", { reqMode: "sni", srcPort: "443" }],
  ["servicePath", "api.", { reqMode: "sni", srcPort: "443" }],
  ["pathType", "req_ssl_sni", { reqMode: "sni", srcPort: "443", servicePath: "a" }],
];

describe.each(WORDS.map(([parameter, good, besides = {}]) => ({ parameter, good, besides })))(
  "$parameter=$good",
  ({ parameter, good, besides }) => {
    const base = { ...APP1, ...besides };

    it("is a good value", () => {
      expect(() => parseService({ ...base, [parameter]: good }, PARSE)).not.toThrow();
    });

    it.each(HOSTILE.flatMap((text) => [[good + text], [text + good], [`${good}${text}${good}`]]))(
      "does not become %j",
      (value) => {
        const refusal = refusalOf({ ...base, [parameter]: value });
        expect(refusal.status).toBe(400);
        expect(refusal.message).toContain(parameter);
        expect(refusal.message).not.toMatch(/[\n\r\u2028]/);
      },
    );
  },
);

/** Parameters whose values are texts that are rendered quoted: what no quoting holds is refused all the same. */
describe.each<[string, (text: string) => string]>([
  ["addReqHeader", (text) => `X-A a${text}b`],
  ["setReqHeader", (text) => `X-A a${text}b`],
  ["addResHeader", (text) => `X-A a${text}b`],
  ["setResHeader", (text) => `X-A a${text}b`],
  ["serviceHeader", (text) => `X-A:a${text}b`],
  ["userAgent", (text) => `a${text}b`],
  ["reqPathSearchReplace", (text) => `a${text}b,c`],
  ["reqPathSearchReplace", (text) => `a,b${text}c`],
  ["users", (text) => `a${text}b:c`],
])("%s", (parameter, valueOf) => {
  it.each(["\n", "\r\nfrontend evil", "\u0000", "\t\u0007", "\u2028", "é"])(
    "refuses %j",
    (text) => {
      const refusal = refusalOf({ ...APP1, [parameter]: valueOf(text) });
      expect(refusal.status).toBe(400);
      expect(refusal.message).toContain(parameter);
      expect(refusal.message).not.toMatch(/[\n\r\u2028]/);
    },
  );
});

describe("what parameters mean", () => {
  it("gives requests by TLS the port that httpsPort says", () => {
    expect(serviceOf({ ...APP1, httpsPort: "8443" }).destinations).toMatchObject([
      { port: 8080, scheme: "http", isHttpsTwin: false },
      { port: 8443, scheme: "https", isHttpsTwin: true },
    ]);
    expect(serviceOf({ ...APP1, port: "", httpsPort: "8443" }).destinations).toMatchObject([
      { port: 8443, scheme: "https" },
    ]);
  });

  it("takes the proxy's ports as srcPort for the scheme", () => {
    const { destinations } = serviceOf({
      serviceName: "a",
      servicePath: "/",
      "port.1": "8080",
      "srcPort.1": "80",
      "port.2": "8081",
      "srcPort.2": "443",
    });
    expect(destinations).toMatchObject([
      { port: 8080, scheme: "http" },
      { port: 8081, scheme: "https" },
    ]);
  });

  it.each([
    [{ httpsOnly: "true" }, 302],
    [{ httpsOnly: "true", httpsRedirectCode: "308" }, 308],
    [{ redirectWhenHttpProto: "true" }, 302],
    [{ redirectUnlessHttpsProto: "true", httpsRedirectCode: "301" }, 301],
    [{ httpsOnly: "false" }, undefined],
  ])("takes %j for a redirect with %p", (parameters, code) => {
    expect(serviceOf({ ...APP1, ...parameters }).destinations[0]?.httpsOnly).toBe(code);
  });

  it("leaves a certificate authority's path without redirect and password", () => {
    const { destinations } = parseService(
      { ...APP1, servicePath: "/.well-known/acme-challenge", users: "joe:secret" },
      { ...PARSE, httpsOnly: true },
    ).service;
    expect(destinations).toMatchObject([{ httpsOnly: undefined, ignoreAuthorization: true }]);
  });

  it("reads rewrites, the deprecated spelling first", () => {
    const { destinations } = serviceOf({
      ...APP1,
      reqPathSearch: "^/x",
      reqPathReplace: "/y",
      reqPathSearchReplace: "/a,/b:/c,:^/d(.*)$,/e\\1",
    });
    expect(destinations[0]?.rewrites).toEqual([
      { search: "^/x", replace: "/y" },
      { search: "/a", replace: "/b" },
      { search: "/c", replace: "" },
      { search: "^/d(.*)$", replace: "/e\\1" },
    ]);
  });

  it("reads headers as the original's documents have them", () => {
    const { headers } = serviceOf({
      ...APP1,
      addReqHeader: "X-Forwarded-Port %[dst_port],X-Forwarded-Ssl on if { ssl_fc }",
      setHeader: "X-Old 1",
      setResHeader: `X-Via %[env(HOSTNAME)],X-Quoted "two words",X-Escaped two\\ words`,
      delResHeader: "X-Varnish,X-Cache",
    });
    expect(headers).toEqual([
      { of: "request", action: "add", name: "X-Forwarded-Port", value: "%[dst_port]" },
      { of: "request", action: "add", name: "X-Forwarded-Ssl", value: "on", scheme: "https" },
      { of: "request", action: "set", name: "X-Old", value: "1" },
      { of: "response", action: "set", name: "X-Via", value: "%[env(HOSTNAME)]" },
      { of: "response", action: "set", name: "X-Quoted", value: "two words" },
      { of: "response", action: "set", name: "X-Escaped", value: "two words" },
      { of: "response", action: "del", name: "X-Varnish", value: "" },
      { of: "response", action: "del", name: "X-Cache", value: "" },
    ]);
  });

  it.each<[Parameters, unknown]>([
    [SNI, [{ match: "beg", value: "api." }]],
    [
      { ...SNI, pathType: "req.ssl_sni -m reg -i", servicePath: "^(api\\.)" },
      [{ match: "reg", value: "^(api\\.)" }],
    ],
    [{ ...SNI, pathType: "", servicePath: "A.example" }, [{ match: "str", value: "a.example" }]],
    [
      { ...SNI, servicePath: "", pathType: "", serviceDomain: "a.example,*.b.example" },
      [
        { match: "str", value: "a.example" },
        { match: "end", value: ".b.example" },
      ],
    ],
    [TCP, []],
  ])("reads the names of %j", (parameters, names) => {
    expect(serviceOf(parameters)).toMatchObject({ destinations: [], streams: [{ names }] });
  });

  it("mixes ways by HTTP and by TCP", () => {
    const { destinations, streams } = serviceOf({
      serviceName: "mixed",
      "port.1": "80",
      "servicePath.1": "/mixed",
      "port.2": "6379",
      "reqMode.2": "tcp",
      "srcPort.2": "6379",
      "timeoutClient.2": "60",
      "clitcpka.2": "true",
    });
    expect(destinations).toMatchObject([{ index: 1, port: 80 }]);
    expect(streams).toEqual([
      { index: 2, port: 6379, srcPort: 6379, names: [], timeoutClient: 60, clientKeepAlive: true },
    ]);
  });

  it("leaves services of another instance aside where it is told to", () => {
    const options = { ...PARSE, instanceName: "mine" };
    expect(isWanted({ ...APP1, proxyInstanceName: "Mine" }, options)).toBe(true);
    expect(isWanted({ ...APP1, proxyInstanceName: "theirs" }, options)).toBe(false);
    expect(isWanted(APP1, options)).toBe(false);
    expect(isWanted(APP1, PARSE)).toBe(true);
  });

  it("orders times by nanoseconds, however many zeros are written", () => {
    const times = ["05.1Z", "05.12Z", "05.120000001Z", "06Z"].map(
      (end) => serviceOf({ ...APP1, createdAt: `2026-01-02T03:04:${end}` }).createdAt ?? 0n,
    );
    expect([...times].sort((a, b) => (a < b ? -1 : 1))).toEqual(times);
    expect(new Set(times).size).toBe(4);
  });
});

describe("parseReplicas", () => {
  it("takes an absent value for a global service", () => {
    expect(parseReplicas({ serviceName: "a" })).toBeUndefined();
    expect(parseReplicas({ serviceName: "a", replicas: "" })).toBeUndefined();
    expect(parseReplicas({ serviceName: "a", replicas: "0" })).toBe(0);
  });
});
