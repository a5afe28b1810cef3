import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objects } from "./support/engine";
import { eventually } from "./support/eventually";
import { markedProcessesEnd } from "./support/processes";
import { SMALL_STACK } from "./support/project";
import { attempt, run, start } from "./support/run";
import { ephemeral, pullRequestStack as name } from "./support/workspace";

const { folder, env, logs } = ephemeral.place();
const log = join(logs, `${name} make ephemeral.log`);
const settings = join(ephemeral.workspace, "small.yaml");
const seen = join(ephemeral.workspace, "seen");
const make = (args: readonly string[], RUN: string) =>
  start("make", args, { cwd: folder, log, env: { ...env, RUN, SETTINGS: settings } });

describe("a stack that goes again", () => {
  beforeAll(() => {
    writeFileSync(settings, SMALL_STACK);
  });

  test("is there for a command, which finds its app, and goes with the command's failure", async () => {
    const page = `curl --silent --show-error --fail "$APP1_URL" >${seen}`;
    const list = `make --no-print-directory list >>${seen}`;
    const { status, output } = await make(
      ["ephemeral", `NAME=${name}`, "TTL=20m"],
      `${page} && ${list} && exit 7`,
    ).done;
    expect(readFileSync(seen, "utf8")).toContain("Hello World!");
    expect(readFileSync(seen, "utf8")).toMatch(
      new RegExp(`^${name} +2/2 +\\d+ MiB +\\d+ min +with its command, in 1\\d min at most$`, "m"),
    );
    expect({ status, said: output }).toEqual({
      status: 2,
      said: expect.stringContaining("Error 7") as string,
    });
    expect(objects(name)).toEqual([]);
    expect(existsSync(join(folder, `Pulumi.${name}.yaml`))).toBe(false);
  });

  test("goes when all that makes it is killed at once", async () => {
    const making = make(["ephemeral", `NAME=${name}`], "true");
    await eventually("a machine", { withinMs: 240_000, everyMs: 100 }, () =>
      objects(name).length > 3 ? true : undefined,
    );
    making.signal("SIGKILL");
    await making.done;
    await eventually("nothing left", { withinMs: 240_000 }, () =>
      objects(name).length === 0 ? true : undefined,
    );
    await markedProcessesEnd(ephemeral.mark, 120_000);
    const { stdout } = await run("make", ["list"], { cwd: folder, env, log });
    expect(stdout).not.toContain(name);
  });

  test("is not made without a name", async () => {
    const without = await attempt("make", ["ephemeral"], { cwd: folder, env, log });
    expect(without.status).toBe(2);
    expect(without.output).toContain("Usage: scripts/ephemeral NAME");
  });
});
