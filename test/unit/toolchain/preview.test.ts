import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesOf, type Plan, type State, type Step } from "../../../scripts/preview/plan";
import { hasChanges, report } from "../../../scripts/preview/report";

/** What `pulumi preview --json --show-sames` printed for a stack of five machines, a step a line, cut to what is read. */
function recorded(name: string): Plan {
  const lines = readFileSync(join(__dirname, "../previews", `${name}.jsonl`), "utf8").split("\n");
  return { steps: lines.filter(Boolean).map((line) => JSON.parse(line) as Step) };
}

const golden = (name: string): string =>
  readFileSync(join(__dirname, "../previews", `${name}.md`), "utf8");

const SERVICE = "docker:index/service:Service";
const VOLUME = "docker:index/volume:Volume";

interface StepOptions {
  readonly before?: Partial<State>;
  readonly after?: Partial<State>;
  readonly differing?: readonly string[];
}

const step = (op: string, type: string, name: string, options: StepOptions = {}): Step => {
  const state = (part: Partial<State> | undefined) => part && { type, ...part };
  return {
    op,
    urn: `urn:pulumi:dev::swarm::${type}::${name}`,
    oldState: state(options.before),
    newState: state(options.after),
    diffReasons: options.differing,
  };
};

const service = (inputs: Record<string, unknown>): Partial<State> => ({
  inputs: { name: "app1", mode: { replicated: { replicas: 1 } }, ...inputs },
});

const labelled = (labels: Readonly<Record<string, string>>) =>
  service({ labels: Object.entries(labels).map(([label, value]) => ({ label, value })) });

const page = (...steps: readonly Step[]): string => report({ steps }, { stack: "dev" });

describe("drift", () => {
  const refreshed = step("refresh", SERVICE, "app1-service");
  const drift = (...steps: readonly Step[]): string =>
    report({ steps }, { stack: "dev", isDrift: true });

  test("what is gone is told from what is new", () => {
    const gone = step("create", SERVICE, "app1-service", { after: service({}) });
    const found = drift(refreshed, gone);
    expect(found).toContain("not as the program has it");
    expect(found).toContain("Resources: 1 made again;");
    expect(found).toContain("- `app1` **gone, and made again**");
    expect(drift(gone)).toContain("- `app1` **new**");
    expect(hasChanges({ steps: [refreshed, gone] })).toBe(true);
  });

  test("what was changed by hand is told from there to the program", () => {
    const scaled = step("update", SERVICE, "app1-service", {
      before: service({ mode: { replicated: { replicas: 5 } } }),
      after: service({}),
      differing: ["mode"],
    });
    expect(drift(refreshed, scaled)).toContain("- `app1` **changed**: tasks `5` → `1`");
  });

  test("there is none where nothing differs", () => {
    const same = step("same", SERVICE, "app1-service", { before: service({}), after: service({}) });
    expect(drift(refreshed, same)).toContain("Nothing changes (1 resource).");
    expect(hasChanges({ steps: [refreshed, same] })).toBe(false);
  });
});

describe("a recorded preview", () => {
  test.each([
    ["edit", "settings, an app, an image, a port and a password that are new"],
    ["fewer", "one worker fewer"],
    ["volumes", "another driver's option of the machines' volumes, and another path"],
    ["lost", "a machine that was removed by hand"],
  ])("%s: %s", (name) => {
    expect(report(recorded(name), { stack: "pv" })).toBe(golden(name));
  });

  test("shows no value of an environment variable, and no secret", () => {
    const all = JSON.stringify(recorded("edit"));
    expect(all).toContain("hello-not-to-be-shown");
    expect(all).toContain("[secret]");
    expect(golden("edit")).not.toMatch(/hello-not-to-be-shown|\[secret\]/);
  });

  test.each(["edit", "fewer", "volumes", "lost"])("%s leaves out no resource", (name) => {
    const text = golden(name);
    const missing = changesOf(recorded(name))
      .filter(({ verb }) => verb !== "same")
      .flatMap(({ name, before, after }) => {
        const known = [
          name,
          (after ?? before)?.inputs?.["name"],
          name.replace(/-image-build$/, ""),
        ];
        // A container's line is under the machine's name, and tells of its place in the swarm.
        const machine = name.replace(/^swarm-(?=\w+-\d)|-container$/g, "");
        return [...known, machine, `swarm-pv-${machine}`].some((one) =>
          text.includes(`\`${String(one)}\``),
        )
          ? []
          : [name];
      });
    expect(missing).toEqual([]);
  });
});

test("where nothing changes, the page says so, and nothing else", () => {
  const same = step("same", VOLUME, "data", { after: { inputs: { name: "data" } } });
  expect(page(same)).toBe(
    "# What `make up STACK=dev` would change\n\nNothing changes (1 resource).\n",
  );
});

test("the program alone is said to be that, and why", () => {
  const text = report(
    { steps: [step("create", VOLUME, "data", { after: { inputs: { name: "data" } } })] },
    { stack: "dev", alone: "a fork has no secrets" },
  );
  expect(text).toContain("> [!NOTE]\n> This is the program alone: a fork has no secrets.");
  expect(text).not.toContain("make up");
});

describe("a volume", () => {
  const before = { inputs: { name: "swarm-dev-data" } };

  test.each([
    ["delete", "deleted"],
    ["replace", "deleted, and made anew, empty"],
    ["delete-replaced", "deleted, and made anew, empty"],
  ])("is dangerous to %s", (op, words) => {
    const text = page(step(op, VOLUME, "data", { before, after: before }));
    expect(text).toContain(
      `> [!CAUTION]\n> - The volume \`swarm-dev-data\` is ${words}: **the data on it is lost**.`,
    );
  });

  test("that outlives the stack is not", () => {
    const text = page(
      step("delete", VOLUME, "data", { before: { ...before, retainOnDelete: true } }),
    );
    expect(text).not.toContain("CAUTION");
    expect(text).toContain("it stays on the engine, with its data");
  });

  test("is one replacement, also where the CLI shows its steps", () => {
    const steps = [
      step("create-replacement", VOLUME, "data", { before, after: before }),
      step("replace", VOLUME, "data", { before, after: before }),
      step("delete-replaced", VOLUME, "data", { before }),
    ];
    expect(changesOf({ steps })).toMatchObject([{ verb: "replace", name: "data" }]);
  });
});

test("a service that is replaced or removed is said to be gone", () => {
  const state = service({});
  const text = page(
    step("replace", SERVICE, "app1", { before: state, after: state, differing: ["name"] }),
    step("delete", SERVICE, "app2", { before: service({ name: "app2" }) }),
  );
  expect(text).toContain(
    "> [!WARNING]\n> - The service `app1` is removed and made anew: it is gone in between.\n" +
      "> - The service `app2` is removed.",
  );
});

describe("routes", () => {
  const http = { "com.df.notify": "true", "com.df.servicePath": "/app1", "com.df.port": "8080" };

  test("of every mode are shown before and after", () => {
    const before = labelled(http);
    const after = labelled({
      ...http,
      "com.df.serviceDomain": "a.example,b.example",
      "com.df.reqMode.1": "tcp",
      "com.df.srcPort.1": "6379",
      "com.df.port.1": "6379",
    });
    const text = page(step("update", SERVICE, "app1", { before, after, differing: ["labels"] }));
    expect(text).toContain(
      [
        "## Routes\n\n```diff",
        "- app1: any domain /app1 → port 8080",
        "+ app1: a.example b.example /app1 → port 8080",
        "+ app1: tcp port 6379 → port 6379",
        "```",
      ].join("\n"),
    );
  });

  test("are none without the label that has the listener notify", () => {
    const after = labelled({ ...http, "com.df.notify": "false" });
    expect(page(step("create", SERVICE, "app1", { after }))).not.toContain("## Routes");
  });

  test("do not show the passwords of their users", () => {
    const text = page(
      step("update", SERVICE, "app1", {
        before: labelled({ ...http, "com.df.users": "ops:old" }),
        after: labelled({ ...http, "com.df.users": "ops:hunter2" }),
        differing: ["labels"],
      }),
    );
    expect(text).toContain("routing `com.df.users` changed");
    expect(text).not.toMatch(/hunter2|ops:old/);
  });
});

test("what is in no section of its own is told by its name", () => {
  const text = page(
    step("some-later-operation", "command:local:Command", "store-key-value", {
      before: { inputs: { create: "one" } },
      after: { inputs: { create: "two" } },
      differing: ["create"],
    }),
  );
  expect(text).toContain("- `store-key-value` **changed**: `create` changed");
});

describe("where the engine's address is known only later", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const old = service({
    isolation: "default",
    taskSpec: {
      containerSpec: {
        image: "app1@sha256:1",
        env: { A: "1" },
        secrets: [{ fileName: "f", secretId: "x" }],
      },
    },
  });
  const now = (env: Record<string, string>) =>
    service({
      taskSpec: {
        containerSpec: {
          image: "app1@sha256:1",
          env,
          secrets: [{ fileName: "f", secretId: unknown }],
        },
      },
    });
  const update = (env: Record<string, string>) =>
    page(
      step("update", SERVICE, "app1", { before: old, after: now(env) }),
      step("create", VOLUME, "data", { after: {} }),
    );

  test("a service whose inputs are the same is not said to change", () => {
    const text = update({ A: "1" });
    expect(text).not.toContain("## Services");
    expect(text).toMatch(/1 resource that cannot be compared[^#]*- `app1`/);
    expect(text).toContain("Resources: 1 new; 0 stay as they are, 1 cannot be compared before.");
  });

  test("a variable that was taken out is told nevertheless", () => {
    expect(update({})).toContain("- `app1` **changed**: environment `A` removed\n");
  });
});

test("no text of a change gets out of where it stands", () => {
  const after = labelled({
    "com.df.notify": "true",
    "com.df.servicePath": "/x`\n```\n# @someone",
    "com.df.port": "1",
    "x`y\n@other": "v",
  });
  const text = page(step("create", SERVICE, "app1", { after }));
  expect(text).toContain("labels `x'y @other`");
  expect(text).toContain("+ app1: any domain /x' ''' # @someone → port 1\n```\n");
});
