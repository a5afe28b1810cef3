import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyToRemote } from "../src/command/remote/copyToRemote";
import { runRemotely } from "../src/command/remote/run";
import type { RemoteArgs } from "../src/command/models";
import { SIGNATURE, secret } from "../src/protocol/values";
import { contextFor } from "./support/context";
import { FakeSsh, PASSWORD } from "./support/fakeSsh";
import { until } from "./support/until";

let ssh: FakeSsh;
let port: number;
beforeAll(async () => {
  ssh = new FakeSsh();
  port = await ssh.listen();
});
afterAll(() => ssh.close());

const connection = (change = {}) => ({
  host: "127.0.0.1",
  port,
  user: "root",
  password: PASSWORD,
  dialErrorLimit: 0,
  ...change,
});
const run = (command: string, args: Partial<RemoteArgs> = {}, context = contextFor("")) =>
  runRemotely(command, { connection: connection(), ...args }, {}, context);

describe("a remote command", () => {
  test("gives both its streams, and reads stdin", async () => {
    const output = await run("cat; echo err >&2", { stdin: "in" });
    expect(output).toEqual({ stdout: "in", stderr: "err" });
  });
  test("that fails is told with what it printed", async () => {
    await expect(run("echo out; exit 3")).rejects.toThrow(
      /^Process exited with status 3: running "echo out; exit 3":\nout\n$/,
    );
  });
  test("gets a variable that the server accepts", async () => {
    const environment = { LC_ACCEPTED: "yes" };
    expect((await run("echo $LC_ACCEPTED", { environment })).stdout).toBe("yes");
  });
  test("does not run without one that the server ignores", async () => {
    await expect(run("true", { environment: { REFUSED: "x" } })).rejects.toThrow(
      /could not set environment variable "REFUSED".*AcceptEnv/,
    );
  });
  test("ends with an abort", async () => {
    const context = contextFor("");
    const running = run("echo begun; sleep 60", {}, context);
    await until(() => context.statuses.includes("begun"));
    context.abort.abort(new Error("operation canceled"));
    await expect(running).rejects.toThrow(/^operation canceled: running/);
  });
});

describe("the host", () => {
  test("is believed when no key is given, or when it is the right one", async () => {
    const known = connection({ hostKey: ssh.hostKey });
    expect((await run("echo ok", { connection: known })).stdout).toBe("ok");
  });
  test("is refused with another key", async () => {
    const wrong = connection({ hostKey: new FakeSsh().hostKey });
    await expect(run("true", { connection: wrong })).rejects.toThrow(/after 0 failed attempts/);
  });
  test("is refused with a key that is none", async () => {
    const wrong = connection({ hostKey: "nonsense" });
    await expect(run("true", { connection: wrong })).rejects.toThrow(/failed to parse host key/);
  });
  test("is reached through another one", async () => {
    const proxied = connection({ proxy: connection() });
    expect((await run("echo ok", { connection: proxied })).stdout).toBe("ok");
    expect(ssh.tunnels).toBe(1);
  });
  test("is tried as often as allowed", async () => {
    const context = contextFor("");
    const wrong = connection({ password: "wrong", dialErrorLimit: 2 });
    await expect(run("true", { connection: wrong }, context)).rejects.toThrow(
      /after 2 failed attempts/,
    );
    expect(context.statuses).toEqual([
      expect.stringMatching(/^Dial 1\/2 failed: retrying/),
      expect.stringMatching(/^Dial 2\/2 failed: retrying/),
    ]);
  });
});

describe("CopyToRemote", () => {
  const FILE = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17" };
  const ARCHIVE = { [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7" };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "copy-"));
    writeFileSync(join(folder, "a.txt"), "A");
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep/b.txt"), "B");
    ssh.files.clear();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const inputs = (source: object, remotePath: string) => ({
    connection: secret(connection()),
    source: source as never,
    remotePath,
  });
  const copy = (source: object, remotePath: string) =>
    copyToRemote.create(contextFor(""), inputs(source, remotePath));

  test.each([
    [
      "a file to a new path",
      () => ({ ...FILE, path: join(folder, "a.txt") }),
      "/new/x.txt",
      { "/new/x.txt": "A" },
    ],
    [
      "a file into a directory",
      () => ({ ...FILE, path: join(folder, "a.txt") }),
      "/srv",
      { "/srv/a.txt": "A" },
    ],
    ["a text", () => ({ ...FILE, text: "T" }), "/srv/t", { "/srv/t": "T" }],
    [
      "a directory's content",
      () => ({ ...ARCHIVE, path: `${folder}/` }),
      "/srv",
      { "/srv/a.txt": "A", "/srv/deep/b.txt": "B" },
    ],
    [
      "a directory",
      () => ({ ...ARCHIVE, path: join(folder, "deep") }),
      "/srv",
      { "/srv/deep/b.txt": "B" },
    ],
    [
      "several assets",
      () => ({ ...ARCHIVE, assets: { x: { ...FILE, text: "X" } } }),
      "/srv",
      { "/srv/x": "X" },
    ],
  ])("copies %s", async (_what, source, remotePath, files) => {
    const { id } = await copy(source(), remotePath);
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect(Object.fromEntries(ssh.files)).toEqual(files);
  });

  test("copies again only what has changed", async () => {
    const context = contextFor("");
    const source = (hash: string) => inputs({ ...FILE, text: "T", hash }, "/srv/t");
    await copyToRemote.update(context, source("1"), source("1"));
    expect(ssh.files.size).toBe(0);
    await copyToRemote.update(context, source("1"), source("2"));
    expect(ssh.files.size).toBe(1);
  });

  test("does nothing in a preview", async () => {
    const preview = { ...contextFor(""), preview: true };
    await copyToRemote.create(preview, inputs({ ...FILE, text: "T" }, "/srv/t"));
    expect(ssh.files.size).toBe(0);
  });

  test("refuses a URL", async () => {
    await expect(copy({ ...FILE, uri: "https://x" }, "/srv/t")).rejects.toThrow(
      /not supported by the offline plugin/,
    );
  });
});
