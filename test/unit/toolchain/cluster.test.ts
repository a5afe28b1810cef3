import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder, writeCommand } from "./shell";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

interface Managers {
  /** Those in the state. */
  readonly expected: readonly string[];
  readonly running: readonly string[];
  readonly stopped?: readonly string[];
  /** Those that have a leader. */
  readonly speaking?: readonly string[];
  /** What a leader says of all managers. */
  readonly statuses?: readonly string[];
  /** Those whose volume is there. */
  readonly volumes?: readonly string[];
}

/** Asks whether a command may go on, on an engine with these managers. */
function requireQuorum(command: string, managers: Managers) {
  const { expected, running, stopped, speaking, volumes = expected } = managers;
  const { statuses = ["Leader", "Reachable", "Reachable"] } = managers;
  const file = (name: string, lines: readonly string[] = []) => {
    writeFileSync(join(folder.path, name), lines.map((line) => `${line}\n`).join(""));
  };
  file("state", expected);
  file("running", running);
  file("all", [...running, ...(stopped ?? [])]);
  file("speaking", speaking);
  file("statuses", statuses);
  file("volumes", volumes);
  writeCommand(
    join(folder.path, "docker"),
    `case "$*" in
       "container ls "*"label=swarm.stack=dev"*"label=swarm.role=manager"*)
         case "$*" in *--all*) cat "${folder.path}/all" ;; *) cat "${folder.path}/running" ;; esac ;;
       "exec "*" timeout 8 docker node ls --filter role=manager --format {{.ManagerStatus}}")
         grep -Fqx "$2" "${folder.path}/speaking" && cat "${folder.path}/statuses" ;;
       "volume inspect "*) grep -Fqx "$3" "${folder.path}/volumes" ;;
       *) echo "not expected: $*" >&2; exit 2 ;;
     esac`,
  );
  const sources = `root="${repository}"; . "$root/scripts/lib.sh"; . "$root/scripts/cluster.sh"`;
  return sh(
    `${sources}; stack=dev; command=${command}; quorum_within_s=1
     typescript() { cat; }; require_quorum "${folder.path}/state"; echo goes on`,
    { HOME: folder.path, PATH: `${folder.path}:${process.env["PATH"] ?? ""}` },
  );
}

const [one, two, three] = ["swarm-dev-manager-1", "swarm-dev-manager-2", "swarm-dev-manager-3"];
const all = [one, two, three];

describe.each(["up", "preview", "refresh"])("%s", (command) => {
  test.each<[string, Managers]>([
    [
      "any manager speaks",
      { expected: all, running: [one, two], stopped: [three], speaking: [two] },
    ],
    [
      "one of three is not reached",
      {
        expected: all,
        running: [one, two],
        speaking: [one],
        statuses: ["Leader", "Reachable", "Unreachable"],
      },
    ],
    [
      "there is what is left of managers that were given up",
      { expected: all, running: [one], speaking: [one], statuses: ["Leader", "", ""] },
    ],
    ["no swarm was made yet", { expected: [], running: [one] }],
    ["there are no managers", { expected: all, running: [] }],
  ])("goes on where %s", (_, managers) => {
    expect(requireQuorum(command, managers)).toMatchObject({ status: 0, stdout: "goes on\n" });
  });

  test("is refused where all managers run and none speaks", () => {
    const { status, stdout, stderr } = requireQuorum(command, { expected: all, running: all });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(
      `(running: ${all.join(" ")}; not running: none): see why with 'docker logs ${one}', or`,
    );
    expect(stderr).toContain("'make down STACK=dev'");
  });

  test.each<[string, Managers]>([
    ["no leader answers", { expected: all, running: [one], volumes: [one] }],
    [
      "the leader has not noticed yet that it is alone",
      {
        expected: all,
        running: [one],
        volumes: [one],
        speaking: [one],
        statuses: ["Leader", "Unreachable", "Unreachable"],
      },
    ],
  ])("is refused where two of three are gone with their volumes, and %s", (_, managers) => {
    const { status, stdout, stderr } = requireQuorum(command, managers);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(`(running: ${one}; not running: ${two} ${three}): too few are left`);
    expect(stderr).toContain("'make recover STACK=dev'");
  });
});

describe.each<[string, Managers, string]>([
  [
    "stopped",
    { expected: all, running: [one], stopped: [two, three] },
    `(running: ${one}; not running: ${two} ${three}): start the others with 'docker start ${two} ${three}', or`,
  ],
  [
    "all stopped",
    { expected: all, running: [], stopped: all },
    `(running: none; not running: ${all.join(" ")}): start the others with 'docker start ${all.join(" ")}', or`,
  ],
  [
    "gone",
    { expected: all, running: [two] },
    `(running: ${two}; not running: ${one} ${three}): bring back the others with 'make up STACK=dev', or`,
  ],
])("where the other managers are %s", (_, managers, says) => {
  test("up goes on: it brings them back", () => {
    expect(requireQuorum("up", managers)).toMatchObject({ status: 0, stdout: "goes on\n" });
  });

  test("refresh is refused", () => {
    const { status, stdout, stderr } = requireQuorum("refresh", managers);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(says);
  });
});
