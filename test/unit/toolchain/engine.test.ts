import { readFileSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder, writeCommand } from "./shell";

const shim = join(repository, "offline/engine/runc-without-sys-resource");
const configure = join(repository, "offline/engine/configure.js");

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

// Removing offline/ removes what these are about.
const describeIfThere = existsSync(shim) ? describe : describe.skip;

describeIfThere("the runtime shim", () => {
  const capabilities = (...names: string[]) => ({
    bounding: names,
    effective: names,
    permitted: names,
  });

  beforeEach(() => writeCommand(join(folder.path, "runc"), 'printf "%s\\n" "$@"'));

  const run = (...args: string[]) =>
    sh(`exec "${shim}" ${args.join(" ")}`, { PATH: `${folder.path}:${process.env["PATH"] ?? ""}` });

  test.each([
    [["CAP_SYS_RESOURCE"], []],
    [["CAP_SYS_RESOURCE", "CAP_CHOWN"], ["CAP_CHOWN"]],
    [["CAP_CHOWN", "CAP_SYS_RESOURCE"], ["CAP_CHOWN"]],
    [
      ["CAP_A", "CAP_SYS_RESOURCE", "CAP_B"],
      ["CAP_A", "CAP_B"],
    ],
    [["CAP_A"], ["CAP_A"]],
  ])("%j in a bundle becomes %j", (before, after) => {
    const file = join(folder.path, "config.json");
    const bundle = (names: string[]) => ({ process: { capabilities: capabilities(...names) } });
    for (const indent of [0, 2]) {
      writeFileSync(file, JSON.stringify(bundle(before), null, indent));
      const { status, stdout } = run("--root", "/r", "create", "--bundle", folder.path, "id");
      expect(status).toBe(0);
      expect(stdout.split("\n").slice(0, -1)).toEqual([
        "--root",
        "/r",
        "create",
        "--bundle",
        folder.path,
        "id",
      ]);
      expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(bundle(after));
    }
  });

  test("so does what exec is given", () => {
    const file = join(folder.path, "process.json");
    for (const option of [`--process ${file}`, `--process=${file}`, `-p ${file}`]) {
      writeFileSync(file, JSON.stringify(capabilities("CAP_SYS_RESOURCE", "CAP_KILL")));
      expect(run("exec", option, "id").status).toBe(0);
      expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(capabilities("CAP_KILL"));
    }
  });

  test("runc's exit status is the shim's", () => {
    writeCommand(join(folder.path, "runc"), "exit 7");
    expect(run("state", "id").status).toBe(7);
  });
});

describeIfThere("the engine's configuration", () => {
  const change = (before: string | undefined, ...settings: string[]) => {
    const file = join(folder.path, "etc/daemon.json");
    if (before !== undefined) sh(`mkdir -p "${folder.path}/etc"`);
    if (before !== undefined) writeFileSync(file, before);
    const result = sh(`node "${configure}" "${file}" ${settings.join(" ")}`);
    const after: unknown = existsSync(file) ? tryParse(readFileSync(file, "utf8")) : undefined;
    return { ...result, after };
  };
  const tryParse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };

  test("nothing is wanted: nothing is written", () => {
    expect(change(undefined)).toMatchObject({ status: 0, stdout: "", after: undefined });
  });

  test("the shim becomes the default runtime, beside what is there", () => {
    const before = JSON.stringify({ debug: true, runtimes: { mine: { path: "/mine" } } });
    expect(change(before, "runtime=/shim")).toMatchObject({
      status: 0,
      stdout: "changed\n",
      after: {
        debug: true,
        "default-runtime": "runc-without-sys-resource",
        runtimes: { mine: { path: "/mine" }, "runc-without-sys-resource": { path: "/shim" } },
      },
    });
  });

  test("live-restore, which Swarm excludes, is turned off", () => {
    expect(change('{"live-restore": true}').after).toEqual({ "live-restore": false });
  });

  test("the mirror comes first, and in the place of what it was before", () => {
    const before = JSON.stringify({
      "registry-mirrors": ["https://mirror.example", "http://172.17.0.1:5000"],
    });
    const { after } = change(before, "mirror=http://172.17.0.1:5099");
    expect(after).toEqual({
      "registry-mirrors": ["http://172.17.0.1:5099", "https://mirror.example"],
    });
  });

  test("a mirror that is set already changes nothing", () => {
    const before = JSON.stringify({ "registry-mirrors": ["http://172.17.0.1:5099"] });
    expect(change(before, "mirror=http://172.17.0.1:5099").stdout).toBe("");
  });

  test("the mirror can be taken out again", () => {
    const before = JSON.stringify({ "registry-mirrors": ["http://a.example", "http://b.example"] });
    const { after } = change(before, "without-mirror=http://a.example");
    expect(after).toEqual({ "registry-mirrors": ["http://b.example"] });
  });

  test("a broken file is left alone, and named", () => {
    const result = change("{ broken", "runtime=/shim");
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("daemon.json is not valid JSON");
    expect(result.after).toBe("{ broken");
  });
});
