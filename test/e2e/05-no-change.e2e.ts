import { rmSync } from "node:fs";
import { join } from "node:path";
import { project, requireCluster, startTimes } from "./support/cluster";
import { cloneRepository } from "./support/clone";
import { Project } from "./support/project";
import { stack, ephemeral } from "./support/workspace";

beforeAll(requireCluster);

/** Comments in scripts: what they do stays the same. */
const SCRIPTS = [
  "scripts/machines/member.sh",
  "scripts/machines/managers.sh",
  "scripts/machines/swarm-init.sh",
  "scripts/machines/pki.sh",
  "scripts/host/container.sh",
  "scripts/host/untag.sh",
];

describe("where nothing changed, nothing changes", () => {
  test("by a second up", async () => {
    const before = await startTimes();
    const { changes, counts } = await project.up();
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
    expect(await startTimes()).toEqual(before);
  });

  test("by preview", async () => {
    const { changes, counts } = await project.preview();
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
  });

  test("in the words of make preview", async () => {
    const { stdout } = await project.make("preview", { FILE: "artefacts/e2e-preview.md" });
    expect(stdout).toMatch(
      /^# What `make up STACK=.*` would change\n\nNothing changes \(\d+ resources\)\.\n$/,
    );
  });

  test("but a preview of the program alone lists what it makes, with neither state nor passphrase", async () => {
    const { stdout } = await project.make("preview", {
      ALONE: "a fork gets no secrets",
      FILE: "artefacts/e2e-preview.md",
      PULUMI_BACKEND_URL: "",
      PULUMI_CONFIG_PASSPHRASE: "",
    });
    expect(stdout).toContain("This is the program alone: a fork gets no secrets.");
    expect(stdout).toContain("- `app1` **new**");
    expect(stdout).toContain("+ app1: any domain /app1 → port 8080");
  });

  test("by refresh, nor by a preview after it", async () => {
    const refresh = await project.refresh();
    expect(refresh.counts).toEqual({});
    const { changes, counts } = await project.preview();
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
  });

  test("with DOCKER_HOST set to nonsense", async () => {
    const { changes, counts } = await project.preview({ DOCKER_HOST: "tcp://192.0.2.1:1" });
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
  });

  test("from a clone made under another umask, with comments edited in scripts", async () => {
    const folder = join(ephemeral.workspace, "clone-umask");
    cloneRepository(folder, 0o077);
    const clone = new Project(stack, ephemeral.place(folder));
    clone.adopt(project);
    for (const script of SCRIPTS) clone.edit(script, (text) => `${text}# A comment.\n`);
    const { changes, counts } = await clone.preview();
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
    rmSync(folder, { recursive: true });
  });
});
