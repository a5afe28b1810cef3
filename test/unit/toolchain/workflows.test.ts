import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository, sh, temporaryFolder, writeCommand } from "./shell";

const folder = join(repository, ".github/workflows");
const workflows = readdirSync(folder).map((name) => [
  name,
  readFileSync(join(folder, name), "utf8"),
]);

describe.each(workflows)("the workflow %s", (_, text = "") => {
  test("pins each action by commit, and says which version that is", () => {
    const uses = text.split("\n").filter((line) => line.includes("uses:"));
    expect(uses).not.toEqual([]);
    for (const line of uses)
      expect(line).toMatch(/uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("has no rights but those that it names", () => {
    expect(text).toMatch(/^permissions:( \{\}|\n {2}contents: read)\n\n/m);
  });

  test("keeps no credentials in the clone, and never runs a pull request's code with rights to write", () => {
    expect(text.match(/persist-credentials: false/g)).toHaveLength(
      (text.match(/actions\/checkout@/g) ?? []).length,
    );
    expect(text).not.toMatch(/^ {2}pull_request_target/m);
    if (/: write/.test(text)) {
      expect(text).not.toMatch(/^ {2}pull_request:/m);
      expect(text).not.toContain("secrets.");
      expect(text).toContain("ref: ${{ github.event.repository.default_branch }}");
    }
  });

  test("hands what others chose to scripts in the environment only", () => {
    const scripts = text.split("\n").filter((line) => /^\s+(- )?run:|^ {10}/.test(line));
    const code = scripts.filter((line) => !/^\s+[A-Z_]+: /.test(line));
    expect(code.filter((line) => line.includes("${{") && !/^ {10}(ref|path):/.test(line))).toEqual(
      [],
    );
  });
});

describe("scripts/preview/comment", () => {
  let place: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    place = temporaryFolder();
  });
  afterEach(() => place.remove());

  interface Situation {
    readonly page: string;
    readonly numbers?: string;
    readonly earlier?: string;
    readonly head?: string;
  }

  /** Runs it with a gh that answers so, and tells what was asked of it to change. */
  function comment({ page, numbers = "7", earlier = "", head = "team/system" }: Situation) {
    writeFileSync(join(place.path, "page"), page);
    writeCommand(
      join(place.path, "gh"),
      `case "$*" in
         "run download 42 --repo team/system --name preview --dir "*) mkdir -p "\${9}" && cp "${place.path}/page" "\${9}/preview.md" ;;
         "api --method GET repos/team/system/pulls -f state=open -f head=someone:branch --jq "*) echo "${numbers}" ;;
         "api --paginate repos/team/system/issues/7/comments --jq "*) echo "${earlier}" ;;
         "api --silent --method "*) echo "$4 $5" >>"${place.path}/changes"; cp "\${7#body=@}" "${place.path}/body" ;;
         *) echo "not expected: $*" >&2; exit 2 ;;
       esac`,
    );
    const result = sh(
      `"${repository}/scripts/preview/comment"; cat "${place.path}/changes" "${place.path}/body"`,
      {
        PATH: `${place.path}:${process.env["PATH"] ?? ""}`,
        REPOSITORY: "team/system",
        HEAD_REPOSITORY: head,
        RUN_ID: "42",
        HEAD_OWNER: "someone",
        HEAD_BRANCH: "branch",
        HEAD_SHA: "abc",
      },
    );
    return result;
  }

  test("posts the page", () => {
    expect(comment({ page: "# One\n" })).toMatchObject({
      status: 0,
      stdout: "POST repos/team/system/issues/7/comments\n<!-- make preview -->\n# One\n",
    });
  });

  test("rewrites the comment of an earlier run", () => {
    const { stdout } = comment({ page: "# Two\n", earlier: "1234" });
    expect(stdout).toBe(
      "PATCH repos/team/system/issues/comments/1234\n<!-- make preview -->\n# Two\n",
    );
  });

  test("shows what a fork's code wrote as it is", () => {
    const { stdout } = comment({ page: "@all [x](https://a.example)\n", head: "someone/system" });
    expect(stdout).toContain("\n    @all [x](https://a.example)\n");
  });

  test("cuts what GitHub would not take, between characters", () => {
    const { stdout } = comment({ page: "→".repeat(30_000) });
    expect(stdout.length).toBeLessThan(60_000);
    expect(stdout).toMatch(/→\n\nCut here: the artifact of run 42 has the rest\.\n$/);
    expect(stdout).not.toContain("\ufffd");
  });

  test("posts nothing where the commit is no pull request's head any more", () => {
    const { stdout } = comment({ page: "# One\n", numbers: "" });
    expect(stdout).toMatch(/nothing to post/);
    expect(stdout).not.toContain("POST");
  });
});
