import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConfig, diffConfig, readConfig } from "../src/docker/config";
import { RegistryAuth, hostOf, registryOf } from "../src/docker/auth";
import { EngineClient, EngineError } from "../src/docker/engine/client";
import { parseEndpoint } from "../src/docker/engine/endpoint";
import { UNKNOWN, secret } from "../src/protocol/values";
import { FakeEngine } from "./support/fakeEngine";

const endpoint = (host: string, rest = {}) => parseEndpoint({ host, sshOpts: [], ...rest });
const pem = { caMaterial: "ca", certMaterial: "cert", keyMaterial: "key" };
const tls = { ca: "ca", cert: "cert", key: "key" };

describe("an engine's address", () => {
  test.each([
    ["unix:///run/docker.sock", {}, { kind: "unix", path: "/run/docker.sock" }],
    ["tcp://10.0.0.1:2375", {}, { kind: "tcp", host: "10.0.0.1", port: 2375, tls: undefined }],
    ["tcp://manager", {}, { kind: "tcp", host: "manager", port: 2375, tls: undefined }],
    ["tcp://manager", pem, { kind: "tcp", host: "manager", port: 2376, tls }],
    ["tcp://[::1]:1", {}, { kind: "tcp", host: "::1", port: 1, tls: undefined }],
  ])("%s", (host, rest, expected) => {
    expect(endpoint(host, rest)).toEqual(expected);
  });

  test("over ssh is a command", () => {
    const found = endpoint("ssh://me@host:22", { sshOpts: ["-i", "key"] });
    expect(found.kind === "ssh" && found.command.join(" ")).toBe(
      "ssh -i key -o ConnectTimeout=30 -T -l me -p 22 -- host docker system dial-stdio",
    );
  });

  test("takes its certificates from a directory", () => {
    const folder = mkdtempSync(join(tmpdir(), "certs-"));
    for (const name of Object.keys(tls)) writeFileSync(join(folder, `${name}.pem`), name);
    expect(endpoint("tcp://h:1", { certPath: folder })).toMatchObject({ tls });
    rmSync(folder, { recursive: true });
  });

  test.each([
    ["half the material", "tcp://h", { caMaterial: "x" }, /must all be specified/],
    [
      "material and a directory",
      "tcp://h",
      { ...pem, certPath: "/x" },
      /certPath must not be specified/,
    ],
    ["a password for ssh", "ssh://me:secret@h", {}, /passwords in an ssh host are not allowed/],
    ["a pipe", "npipe:////./pipe/x", {}, /not supported by the offline plugin/],
  ])("is refused with %s", (_what, host, rest, message) => {
    expect(() => endpoint(host, rest)).toThrow(message);
  });
});

describe("the provider's configuration", () => {
  test("does not come from the environment", () => {
    process.env.DOCKER_HOST = "tcp://nonsense";
    process.env.DOCKER_CERT_PATH = "/nonsense";
    try {
      expect(parseEndpoint(readConfig({}).endpoint)).toEqual({
        kind: "unix",
        path: "/var/run/docker.sock",
      });
    } finally {
      delete process.env.DOCKER_HOST;
      delete process.env.DOCKER_CERT_PATH;
    }
  });
  test("hides the registries' credentials", () => {
    const given = '[{"address":"r:5000","username":"u","password":"p"}]';
    const { inputs } = checkConfig({ registryAuth: given });
    expect(inputs.registryAuth).toEqual(
      secret('[{"address":"r:5000","password":"p","username":"u"}]'),
    );
    expect(readConfig(inputs).registryAuth[0]).toMatchObject({ address: "r:5000", password: "p" });
  });
  test.each([
    ["context", { context: "x" }, /'context' is not supported by the offline plugin/],
    ["a host without a scheme", { host: "h:2375" }, /unable to parse docker host 'h:2375'/],
  ])("refuses %s", (_what, config, reason) => {
    expect(checkConfig(config).failures[0]?.reason).toMatch(reason);
  });
  test("is the same in another spelling, or while it is unknown", () => {
    const auth = [{ address: "a", username: "u" }];
    const old = { host: "tcp://a", registryAuth: secret(JSON.stringify(auth)) };
    expect(diffConfig(old, { host: UNKNOWN, registryAuth: auth }).changes).toBe(false);
    expect(diffConfig(old, { host: "tcp://b" })).toMatchObject({
      changes: true,
      diffs: ["host", "registryAuth"],
      replaces: [],
    });
  });
});

describe("registries", () => {
  test.each([
    ["busybox", "docker.io"],
    ["library/busybox", "docker.io"],
    ["localhost/x", "localhost"],
    ["r:5000/x:1", "r:5000"],
    ["r.example/a/b@sha256:0", "r.example"],
  ])("%s is at %s", (image, registry) => expect(registryOf(image)).toBe(registry));

  test.each([
    ["https://index.docker.io/v1/", "docker.io"],
    ["https://r.example/v2/", "r.example"],
    ["r:5000", "r:5000"],
  ])("%s is %s", (address, host) => expect(hostOf(address)).toBe(host));

  test("have the credentials that were given, or that a file has", () => {
    const auths = { "https://f.example": { auth: Buffer.from("u:p:q").toString("base64") } };
    const auth = new RegistryAuth([
      { address: "https://r:5000", username: "a", password: "b" },
      { address: "f.example", configFileContent: JSON.stringify({ auths }) },
    ]);
    expect(auth.forImage("r:5000/x")).toEqual({
      username: "a",
      password: "b",
      serveraddress: "r:5000",
    });
    expect(auth.forImage("f.example/x")).toEqual({
      username: "u",
      password: "p:q",
      serveraddress: "f.example",
    });
    expect(auth.forImage("g.example/x")).toEqual({});
  });
  test("cannot have a credential helper", () => {
    const entry = { address: "f", configFileContent: '{"credsStore":"desktop"}' };
    expect(() => new RegistryAuth([entry])).toThrow(/credential helper.*not supported/);
  });
});

describe("a client", () => {
  let engine: FakeEngine;
  let host: string;
  beforeEach(async () => {
    engine = new FakeEngine();
    host = await engine.listen();
  });
  afterEach(() => engine.close());

  test("tells the engine's refusals", async () => {
    const client = new EngineClient(endpoint(host));
    const asked = client.json({ method: "GET", path: "/volumes/x" });
    await expect(asked).rejects.toThrow(EngineError);
    await expect(asked).rejects.toThrow("Error response from daemon: No such volume: x");
  });

  test("gives up with the reason of an abort", async () => {
    const signal = AbortSignal.abort(new Error("operation canceled"));
    const client = new EngineClient(endpoint(host));
    await expect(client.json({ method: "GET", path: "/tasks", signal })).rejects.toThrow(
      "operation canceled",
    );
  });

  test("talks over the stdin and stdout of ssh", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ssh-"));
    const [, address = "", port = ""] = /\/\/(.*):(.*)$/.exec(host) ?? [];
    const program = join(folder, "ssh");
    const script = `#!${process.execPath}
      const socket = require("net").connect(${port}, "${address}");
      process.stdin.pipe(socket).pipe(process.stdout);`;
    writeFileSync(program, script);
    chmodSync(program, 0o755);
    const client = new EngineClient({ kind: "ssh", command: [program, "host"] });
    const nodes = await client.json<unknown[]>({ method: "GET", path: "/nodes" });
    expect(nodes).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });

  test.each([
    [
      "what ssh complains about",
      ["sh", "-c", "echo Permission denied >&2; exit 255"],
      /sh: Permission denied/,
    ],
    ["that there is no ssh", ["/no/such/ssh"], /ENOENT/],
  ])("tells %s", async (_what, command, message) => {
    const client = new EngineClient({ kind: "ssh", command });
    await expect(client.json({ method: "GET", path: "/nodes" })).rejects.toThrow(message);
  });
});
