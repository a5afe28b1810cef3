import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder } from "./shell";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Asks of a state in which these names are protected. */
function ask(question: string, names: readonly string[]) {
  const state = join(folder.path, "state.json");
  const resources = [...names, "open"].map((name) => ({
    urn: `urn:pulumi:dev::swarm::docker:index/volume:Volume::${name}`,
    type: "docker:index/volume:Volume",
    protect: names.includes(name),
  }));
  writeFileSync(state, JSON.stringify({ version: 3, deployment: { resources } }));
  const sources = ["lib", "cluster", "protection"].map((name) => `. "$root/scripts/${name}.sh"`);
  return sh(
    `root="${repository}"; ${sources.join("; ")}; stack=dev; cd "$root"
     typescript() { TS_NODE_PROJECT="$root/tsconfig.json" node -r ts-node/register/transpile-only "scripts/$1.ts" "$2"; }
     ${question} "${state}"; echo goes on`,
    { HOME: folder.path },
  );
}

describe("make down", () => {
  test("is refused on a stack that is protected, with the way out", () => {
    const { status, stdout, stderr } = ask("refuse_protected", [
      "worker-1-data",
      "manager-1-state",
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("2 volumes (manager-1-state worker-1-data)");
    expect(stderr).toMatch(/config set protect false --stack dev', then 'make up STACK=dev'/);
  });

  test("goes on where nothing is", () => {
    expect(ask("refuse_protected", [])).toMatchObject({ status: 0, stdout: "goes on\n" });
  });
});

describe("an update that failed", () => {
  test("is explained on a stack that is protected", () => {
    const { stderr } = ask("explain_protection", ["worker-1-data"]);
    expect(stderr).toContain("'scripts/pulumi config set protect false --stack dev'");
  });

  test("is left to Pulumi's words where nothing is", () => {
    expect(ask("explain_protection", [])).toMatchObject({ stdout: "goes on\n", stderr: "" });
  });
});
