import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder, writeCommand } from "./shell";

const images = join(repository, "offline/images");

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Runs a script of `offline/images` with a Docker client that answers as said; returns what it was asked, too. */
function run(script: string, answers: string, env: Readonly<Record<string, string>> = {}) {
  const asked = join(folder.path, "asked");
  writeCommand(
    join(folder.path, "docker"),
    `echo "$*" >>"${asked}"; case "$*" in ${answers} *) exit 1 ;; esac`,
  );
  const path = `${folder.path}:${process.env["PATH"] ?? ""}`;
  const result = sh(`"${images}/${script}"`, { HOME: folder.path, PATH: path, ...env });
  return { ...result, asked: readFileSync(asked, "utf8").trim().split("\n") };
}

// Without the folder there are no stand-ins.
const describeOffline = existsSync(images) ? describe : describe.skip;

describeOffline("whether Docker Hub answers", () => {
  const unreachable = 'echo "dial tcp: lookup hub.example: no such host" >&2; exit 1';

  test("is asked with a tag that nobody has; what is then pulled is no stand-in, however it ends", () => {
    const { status, stderr, asked } = run(
      "ensure",
      `"pull --quiet "*) echo "manifest for x not found: manifest unknown" >&2; exit 1 ;;`,
    );
    expect(status).toBe(1);
    expect(asked.filter((command) => command.startsWith("pull"))).toEqual([
      "pull --quiet debian:not-a-tag-of-swarm-system",
      "pull debian:trixie-slim",
    ]);
    expect(stderr).toContain("error: debian:trixie-slim could not be pulled");
  });

  test("is no where the engine cannot reach it", () => {
    const { status, stderr, asked } = run("ensure", `"pull "*) ${unreachable} ;;`, {
      OFFLINE: "0",
    });
    expect(status).toBe(1);
    expect(stderr).toContain("error: Docker Hub does not answer, and OFFLINE=0 forbids stand-ins");
    expect(stderr).toContain("no such host");
    expect(asked).not.toContain("pull debian:trixie-slim");
  });
});

describeOffline("clean", () => {
  test("removes stand-ins only, not the images that they stand in for", () => {
    const { asked } = run(
      "clean",
      `"version"*) ;;
       "image inspect "*" node:24-trixie-slim") echo node:24-trixie-slim ;;
       "image inspect "*" debian:trixie-slim") echo ;;
       "image inspect "*) echo debian:trixie-slim ;;`,
    );
    expect(asked.filter((command) => command.startsWith("image rm"))).toEqual([
      "image rm node:24-trixie-slim",
    ]);
  });
});
