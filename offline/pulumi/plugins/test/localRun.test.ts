import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandResource } from "../src/command/commandResource";
import { runLocally } from "../src/command/local/run";
import type { LocalArgs } from "../src/command/models";
import { localCommandModel } from "../src/command/models";
import { commandProvider } from "../src/command/provider";
import { UNKNOWN, secret } from "../src/protocol/values";
import { contextFor } from "./support/context";
import { until } from "./support/until";

const TYPE = "command:local:Command";
const run = (command: string, options = {}, previous = {}, context = contextFor(TYPE)) =>
  runLocally(command, options, previous, context);

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "run-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a command", () => {
  test("gives both its streams, each without its last newline", async () => {
    const output = await run("printf 'a\\n\\n'; echo b >&2");
    expect(output).toEqual({ stdout: "a\n", stderr: "b" });
  });
  test("reads stdin to its end", async () => {
    expect((await run("cat", { stdin: "in" })).stdout).toBe("in");
  });
  test("without stdin reads nothing, and does not wait", async () => {
    expect((await run("cat; echo done")).stdout).toBe("done");
  });
  test("need not read its stdin", async () => {
    expect((await run("true", { stdin: "x".repeat(1_000_000) })).stdout).toBe("");
  });
  test("runs in dir, or where the plugin is", async () => {
    expect((await run("pwd", { dir: folder })).stdout).toBe(folder);
    expect((await run("pwd")).stdout).toBe(process.cwd());
  });
  test("has the plugin's environment, its own, and the output before", async () => {
    const command = "echo $PATH-$A-$PULUMI_COMMAND_STDOUT-$PULUMI_COMMAND_STDERR";
    const previous = { stdout: "out", stderr: "err" };
    const path = process.env.PATH;
    expect((await run(command, { environment: { A: "1" } }, previous)).stdout).toBe(
      `${path}-1-out-err`,
    );
    const quiet = { addPreviousOutputInEnv: false };
    expect((await run(command, quiet, previous)).stdout).toBe(`${path}---`);
  });
  test("runs under another interpreter", async () => {
    const options = { interpreter: [process.execPath, "-p"] };
    expect((await run("1 + 1", options)).stdout).toBe("2");
  });
});

describe("a failure", () => {
  test.each([
    [
      "an exit status",
      "echo out; echo err >&2; exit 3",
      {},
      /^exit status 3: running ".*":\nout\nerr\n$/,
    ],
    ["a signal", "kill -TERM $$", {}, /^signal: SIGTERM: running/],
    [
      "a directory that is not there",
      "pwd",
      { dir: "/no/such" },
      /^chdir \/no\/such: no such file or directory: running "pwd"/,
    ],
    ["an interpreter that is not there", "x", { interpreter: ["/no/such"] }, /ENOENT/],
  ])("%s is told with what was printed", async (_what, command, options, message) => {
    await expect(run(command, options)).rejects.toThrow(message);
  });
});

describe("what is shown", () => {
  test.each([
    [undefined, ["a", "b", "c"]],
    ["stdoutAndStderr", ["a", "b", "c"]],
    ["stdout", ["a", "c"]],
    ["stderr", ["b"]],
    ["none", []],
  ])("with logging %s", async (logging, lines) => {
    const context = contextFor(TYPE);
    await run("echo a; printf b >&2; printf c", { logging }, {}, context);
    expect(context.statuses.sort()).toEqual(lines);
  });
});

test("an abort kills the whole process group", async () => {
  const context = contextFor(TYPE);
  const alive = join(folder, "alive");
  const command = `(sleep 1; touch ${alive}-late) & echo $! > ${folder}/pid; touch ${alive}; sleep 60`;
  const running = run(command, {}, {}, context);
  await until(() => existsSync(alive));
  context.abort.abort(new Error("operation canceled"));
  await expect(running).rejects.toThrow(/^operation canceled: running/);
  // Had the child in the background survived, its output's end would not have come before it was done.
  expect(existsSync(`${alive}-late`)).toBe(false);
});

describe("a resource", () => {
  const calls: string[] = [];
  const resource = commandResource<LocalArgs>(localCommandModel, (command, _args, previous) => {
    calls.push(`${command} after ${previous.stdout ?? ""}`);
    return Promise.resolve({ stdout: command, stderr: "" });
  });
  const context = contextFor(TYPE, "name");
  beforeEach(() => void calls.splice(0));

  test("runs create, and keeps its inputs as they came", async () => {
    const inputs = { create: "c", stdin: secret("s") };
    const { id, properties } = await resource.create(context, inputs);
    expect(id).toMatch(/^name[0-9a-f]{8}$/);
    expect(properties).toEqual({ ...inputs, stdout: "c", stderr: "" });
  });
  test("runs update with the output before, or else create again", async () => {
    const olds = { stdout: secret("old"), stderr: "" };
    await resource.update(context, olds, { create: "c", update: "u" });
    await resource.update(context, olds, { create: "c" });
    expect(calls).toEqual(["u after old", "c after old"]);
  });
  test("runs delete, if there is one", async () => {
    await resource.delete(context, { stdout: "old" });
    await resource.delete(context, { delete: "d", stdout: "old" });
    expect(calls).toEqual(["d after old"]);
  });
  test("runs nothing in a preview, and knows nothing of the output", async () => {
    const preview = { ...context, preview: true };
    const { properties } = await resource.create(preview, { create: "c" });
    expect(properties).toEqual({ create: "c", stdout: UNKNOWN, stderr: UNKNOWN });
    const none = await resource.update(preview, { stdout: "old", stderr: "" }, {});
    expect(none).toEqual({ stdout: "old", stderr: "" });
    expect(calls).toEqual([]);
  });
});

describe("local.run", () => {
  const invoke = (token: string, args: object) =>
    commandProvider().invoke(token, args as never, contextFor(""));

  test("answers with its arguments and the output", async () => {
    const args = { command: "cat", stdin: secret("s") };
    expect(await invoke("command:local:run", args)).toEqual({ ...args, stdout: "s", stderr: "" });
  });
  test("refuses what it does not know", async () => {
    const refused = /not supported by the offline plugin/;
    await expect(invoke("command:local:run", { command: "x", assetPaths: ["*"] })).rejects.toThrow(
      refused,
    );
    await expect(invoke("command:x:y", {})).rejects.toThrow(refused);
  });
});
