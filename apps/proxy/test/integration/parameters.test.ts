import { execFile } from "node:child_process";
import { request } from "node:https";
import { connect } from "node:tls";
import { promisify } from "node:util";

import { control, eventually, get, type Got, type Said, said } from "./client";
import { Bench, type Container } from "./docker";

const bench = new Bench();
let proxy: Container;
let task: Container;

beforeAll(async () => {
  await bench.addNetwork();
  [proxy, task] = await Promise.all([
    bench.proxy({ environment: { TCP_PORTS: "6379,7443", HTTPS_PORT_PUBLIC: "8443" } }),
    bench.task("app"),
  ]);
  await eventually(async () => expect((await control(proxy, "ping")).status).toBe(200));
}, 60_000);

afterAll(() => bench.remove());

const route = async (parameters: Record<string, string>): Promise<void> => {
  const all = { serviceName: "app", port: "8080", replicas: "1", ...parameters };
  const { status, text } = await control(proxy, "reconfigure", all);
  expect({ status, text }).toMatchObject({ status: 200 });
};

/** What comes back once the backend has its task. */
async function answered(path: string, options: Parameters<typeof get>[2] = {}): Promise<Got> {
  let got = await get(proxy.address, path, options);
  await eventually(async () => {
    got = await get(proxy.address, path, options);
    expect(got.status).not.toBe(503);
  });
  return got;
}

const urlOf = async (path: string): Promise<string> => {
  await answered(path);
  return (await said(proxy.address, path)).url;
};

test("paths are rewritten as the regular expressions say, and begin with a slash all the same", async () => {
  await route({
    servicePath: "/api,/x",
    reqPathSearchReplace: "^/api(/v\\d+)?$,:^/x/([a-z]+)\\d*$,/y/\\1",
  });
  expect(await urlOf("/api?q=1")).toBe("/?q=1");
  expect(await urlOf("/api/v12")).toBe("/");
  expect(await urlOf("/x/ab12?q=%2F")).toBe("/y/ab?q=%2F");
  expect(await urlOf("/x/AB")).toBe("/x/AB");
});

test("paths are compared by regular expression, and some are left out", async () => {
  await route({
    servicePath: "^/r[a-z]{2}(\\d+)$",
    servicePathExclude: "13$",
    pathType: "path_reg",
  });
  expect(await urlOf("/rab12")).toBe("/rab12");
  for (const path of ["/rab13", "/rab", "/Rab12"]) {
    expect((await get(proxy.address, path)).status).toBe(404);
  }
});

test("headers and agents choose between services", async () => {
  const canary = await bench.task("canary");
  const common = { servicePath: "/pick", port: "8080", replicas: "1" };
  await route(common);
  await route({ ...common, serviceName: "canary", serviceHeader: "X-Version:it's 2" });
  await answered("/pick", { headers: { "X-Version": "it's 2" } });
  const picked = async (headers: Record<string, string>): Promise<string> =>
    (await said(proxy.address, "/pick", { headers })).task;
  expect(await picked({ "X-Version": "it's 2" })).toBe(canary.name);
  expect(await picked({ "X-Version": "3" })).toBe(task.name);
  expect(await picked({})).toBe(task.name);
  await route({ ...common, serviceName: "canary", userAgent: "GoogleBot" });
  await answered("/pick", { headers: { "User-Agent": "a googlebot/2" } });
  expect(await picked({ "User-Agent": "a googlebot/2" })).toBe(canary.name);
  expect(await picked({ "User-Agent": "curl" })).toBe(task.name);
  await control(proxy, "remove", { serviceName: "canary" });
});

test("headers arrive as they are written, whatever HAProxy would make of them", async () => {
  const hostile = `it's "100%" $HOME \${HOME} #1 %T {a} [b] | & ; ( ) !`;
  await route({
    servicePath: "/headers",
    setReqHeader: `X-Text ${hostile},X-Host %[req.hdr(host)],X-Ssl on unless { ssl_fc }`,
    delReqHeader: "X-Secret",
    setResHeader: `X-Text ${hostile},X-Forged a; b`,
  });
  const got = await answered("/headers", { headers: { "X-Secret": "1", Host: "h.example" } });
  const { headers } = JSON.parse(got.text) as { headers: Record<string, string> };
  expect(headers).toMatchObject({ "x-text": hostile, "x-host": "h.example", "x-ssl": "on" });
  expect(headers).not.toHaveProperty("x-secret");
  expect(got.headers["x-text"]).toBe(hostile);
});

test("a route denies everyone while its users cannot be had, by HTTP and by TCP", async () => {
  const tcp = { reqMode: "tcp", srcPort: "6379", outboundHostname: "tasks.app" };
  await route({ servicePath: "/shut" });
  await route({ ...tcp, serviceName: "shut" });
  await answered("/shut");
  await eventually(async () => {
    expect((await get(proxy.address, "/shut", { port: 6379 })).status).toBe(200);
  });
  const refused: Record<string, string>[] = [
    { serviceName: "app", servicePath: "/shut", usersSecret: "nobody" },
    { serviceName: "shut", ...tcp, users: "joe:secret" },
  ];
  for (const asked of refused) {
    const { status, text } = await control(proxy, "reconfigure", { port: "8080", ...asked });
    expect({ status, text }).toMatchObject({
      status: 400,
      text: expect.stringContaining("deny everyone") as string,
    });
  }
  await eventually(async () => expect((await get(proxy.address, "/shut")).status).toBe(403));
  await expect(get(proxy.address, "/shut", { port: 6379 })).rejects.toThrow();
  await route({ servicePath: "/shut" });
  await control(proxy, "remove", { serviceName: "shut" });
  expect((await answered("/shut")).status).toBe(200);
});

test("passwords are asked for, checked, and not passed on", async () => {
  const password = `it's "s" $HOME \\#1 %T:x`;
  await route({
    "servicePath.1": "/in",
    "port.1": "8080",
    "servicePath.2": "/in/open",
    "port.2": "8080",
    "ignoreAuthorization.2": "true",
    users: `joe:${password}`,
  });
  const login = (text: string): { headers: Record<string, string> } => ({
    headers: { Authorization: `Basic ${Buffer.from(text).toString("base64")}` },
  });
  const refused = await answered("/in");
  expect(refused.status).toBe(401);
  expect(refused.headers["www-authenticate"]).toBe('Basic realm="appRealm"');
  expect((await get(proxy.address, "/in", login("joe:wrong"))).status).toBe(401);
  expect((await get(proxy.address, "/in", login(`ann:${password}`))).status).toBe(401);
  const { headers } = await said(proxy.address, "/in", login(`joe:${password}`));
  expect(headers).not.toHaveProperty("authorization");
  expect((await answered("/in/open")).status).toBe(200);
});

test("encrypted passwords of every kind that mkpasswd makes are understood", async () => {
  // mkpasswd -m METHOD secret
  const hashes = {
    md5: "$1$ab$cznpWDAPbyGrcM2zSO4oq/",
    sha256: "$5$saltstring$BnwyUlFNIZIYwMr/cLOqO3lkLcPhoUMaKRBZnKN.Og3",
  };
  for (const hash of Object.values(hashes)) {
    await route({ servicePath: "/crypt", users: `joe:${hash}`, usersPassEncrypted: "true" });
  }
});

test("methods are allowed and denied", async () => {
  await route({ servicePath: "/m", allowedMethods: "GET,PUT,DELETE", deniedMethods: "DELETE" });
  await answered("/m");
  const statuses = await Promise.all(
    ["GET", "PUT", "POST", "DELETE"].map(
      async (method) => (await get(proxy.address, "/m", { method })).status,
    ),
  );
  expect(statuses).toEqual([200, 200, 403, 403]);
});

test("plain HTTP is redirected, or denied, but never a certificate authority", async () => {
  await route({ serviceDomain: "tls.example", httpsOnly: "true", httpsRedirectCode: "307" });
  const options = { headers: { Host: "TLS.example:8080" } };
  const redirected = await get(proxy.address, "/a?b=c", options);
  expect(redirected).toMatchObject({
    status: 307,
    headers: { location: "https://tls.example:8443/a?b=c" },
  });
  expect((await answered("/.well-known/acme-challenge/x", options)).status).toBe(200);
  await route({ servicePath: "/denied", denyHttp: "true" });
  expect((await get(proxy.address, "/denied")).status).toBe(403);
});

test("an old domain leads to the new one", async () => {
  await route({
    serviceDomain: "new.example,www.new.example",
    redirectFromDomain: "old.example,*.older.example",
  });
  const locationOf = async (host: string): Promise<string | undefined> => {
    const { status, headers } = await get(proxy.address, "/a?b=c", { headers: { host } });
    return status === 301 ? headers.location : String(status);
  };
  expect(await locationOf("old.example")).toBe("http://new.example/a?b=c");
  expect(await locationOf("OLD.example:8080")).toBe("http://new.example:8080/a?b=c");
  expect(await locationOf("www.older.example")).toBe("http://new.example/a?b=c");
  expect(await locationOf("not-old.example")).toBe("404");
  // What stands after the port would lead elsewhere.
  expect(await locationOf("old.example:80@evil.example")).not.toContain("evil");
});

test("a session stays with its task", async () => {
  const others = await Promise.all([bench.task("sticky"), bench.task("sticky")]);
  await route({
    serviceName: "sticky",
    servicePath: "/s",
    sessionType: "sticky-server",
    replicas: "2",
  });
  const tasks = new Set<string>();
  let cookie = "";
  await eventually(async () => {
    const got = await get(proxy.address, "/s");
    tasks.add((JSON.parse(got.text) as { task: string }).task);
    cookie = got.headers["set-cookie"]?.[0] ?? "";
    expect(tasks.size).toBe(2);
  });
  expect([...tasks].sort()).toEqual(others.map(({ name }) => name).sort());
  expect(cookie).toMatch(/^sticky=[^;]+; path=\/; HttpOnly; SameSite=Lax$/);
  const headers = { Cookie: cookie.split(";")[0] ?? "" };
  const same = await Promise.all(
    Array.from({ length: 8 }, async () => (await said(proxy.address, "/s", { headers })).task),
  );
  expect(new Set(same).size).toBe(1);
});

test("a TCP route takes its port, and leaves it when it goes", async () => {
  await expect(get(proxy.address, "/raw", { port: 6379 })).rejects.toThrow("ECONNREFUSED");
  await route({ reqMode: "tcp", srcPort: "6379", timeoutClient: "60", clitcpka: "true" });
  await eventually(async () => {
    expect((await said(proxy.address, "/raw", { port: 6379 })).task).toBe(task.name);
  });
  // Nobody has touched what goes through: no header of the proxy's own.
  expect((await said(proxy.address, "/raw", { port: 6379 })).headers).not.toHaveProperty(
    "x-request-id",
  );
  await control(proxy, "remove", { serviceName: "app" });
  await eventually(async () => {
    await expect(get(proxy.address, "/raw", { port: 6379 })).rejects.toThrow("ECONNREFUSED");
  });
});

/** A task that speaks TLS itself, and says in its certificate who it is. */
async function tlsTask(service: string): Promise<Container> {
  const { stdout: pem } = await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", "-", "-out", "-", "-subj", `/CN=${service}`, "-days", "1"],
  ]);
  const script = `const { PEM } = process.env;
    require("node:tls").createServer({ key: PEM, cert: PEM }, (socket) => socket.end("hello"))
      .on("tlsClientError", () => undefined).listen(8443)`;
  return bench.start(service, ["node", "-e", script], {
    alias: [`tasks.${service}`],
    environment: { PEM: pem },
  });
}

/** The name in the certificate that a client gets who asks for a name. */
function certificateOf(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: proxy.address, port, servername, rejectUnauthorized: false });
    socket.setTimeout(5000, () => socket.destroy(new Error("no answer")));
    socket.on("secureConnect", () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** What the task says to a request by HTTPS. */
function overTls(path: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const options = { host: proxy.address, path, agent: false, rejectUnauthorized: false };
    const sent = request({ ...options, servername: "other.example" }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve(JSON.parse(body) as Said));
    });
    sent.on("error", reject).end();
  });
}

test("TLS is passed on by the name that the client asks for", async () => {
  await Promise.all(["one", "two", "rest"].map(tlsTask));
  const sni = { port: "8443", srcPort: "7443", reqMode: "sni" };
  await route({ ...sni, serviceName: "one", serviceDomain: "one.example,*.one.example" });
  const pathType = "req_ssl_sni -i -m reg";
  await route({ ...sni, serviceName: "two", servicePath: "^(two\\.)", pathType });
  await eventually(async () => {
    expect(await certificateOf(7443, "one.example")).toBe("one");
    expect(await certificateOf(7443, "www.One.example")).toBe("one");
    expect(await certificateOf(7443, "Two.example")).toBe("two");
  });
  await expect(certificateOf(7443, "three.example")).rejects.toThrow();
  await route({ ...sni, reqMode: "tcp", serviceName: "rest" });
  await eventually(async () => expect(await certificateOf(7443, "three.example")).toBe("rest"));
  expect(await certificateOf(7443, "one.example")).toBe("one");
});

test("a name on the HTTPS port goes elsewhere, and every other one gets HTTPS as before", async () => {
  await route({ servicePath: "/fine" });
  const own = await certificateOf(443, "other.example");
  await Promise.all([answered("/fine"), tlsTask("apart")]);
  const apart = { serviceName: "apart", port: "8443", srcPort: "443", reqMode: "sni" };
  await route({ ...apart, serviceDomain: "apart.example" });
  await eventually(async () => expect(await certificateOf(443, "apart.example")).toBe("apart"));
  expect(await certificateOf(443, "other.example")).toBe(own);
  const { headers } = await overTls("/fine");
  expect(headers).toMatchObject({
    "x-forwarded-for": proxy.address.replace(/\d+$/, "1"),
    "x-forwarded-proto": "https",
    "x-forwarded-port": "443",
  });
  await control(proxy, "remove", { serviceName: "apart" });
  await eventually(async () => expect(await certificateOf(443, "apart.example")).toBe(own));
  expect((await overTls("/fine")).task).toBe(task.name);
});

test("services of a group share a port", async () => {
  await bench.task("member");
  const member = {
    reqMode: "tcp",
    srcPort: "6379",
    serviceGroup: "both",
    balanceGroup: "roundrobin",
  };
  await route(member);
  await route({ ...member, serviceName: "member" });
  const tasks = new Set<string>();
  await eventually(async () => {
    tasks.add((await said(proxy.address, "/raw", { port: 6379 })).task);
    expect(tasks.size).toBe(2);
  });
  const { status, text } = await control(proxy, "reconfigure", {
    ...{ serviceName: "other", port: "80", reqMode: "tcp", srcPort: "6379" },
  });
  expect({ status, text }).toMatchObject({
    status: 409,
    text: expect.stringContaining("port 6379") as string,
  });
  for (const serviceName of ["app", "member", "other"])
    await control(proxy, "remove", { serviceName });
});

test("what HAProxy refuses is refused with its words, and everything else goes on", async () => {
  await route({ servicePath: "/fine" });
  await answered("/fine");
  const broken = { serviceName: "broken", port: "80", servicePath: "(", pathType: "path_reg" };
  const { status, text } = await control(proxy, "reconfigure", broken);
  expect({ status, text }).toMatchObject({
    status: 500,
    text: expect.stringContaining("regex") as string,
  });
  expect((await get(proxy.address, "/fine")).status).toBe(200);
  const { text: told } = await control(proxy, "status");
  expect(JSON.parse(told)).toMatchObject({ refused: [{ serviceName: "broken" }] });
  await control(proxy, "remove", { serviceName: "broken" });
});
