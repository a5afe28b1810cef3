import { bytesOf, createdAt, list } from "../../../scripts/stacks";
import { variables } from "../../../scripts/variables";

const now = new Date("2026-03-01T12:00:00Z");
const minutes = (n: number): Date => new Date(now.getTime() + n * 60_000);

test("each stack has a line with its machines, memory, age and end", () => {
  const machine = (stack: string, role: string, state: string, age: number) => ({
    ...{ name: `${stack}-${role}`, stack, role, state },
    created: minutes(-age),
  });
  const found = {
    known: ["team/dev", "away"],
    containers: [
      machine("dev", "manager", "running", 1500),
      machine("dev", "worker", "exited", 1490),
      machine("dev", "", "running", 1501),
      machine("pr-1", "manager", "running", 5),
    ],
    memory: new Map([
      ["dev-manager", 300 * 2 ** 20],
      ["dev-", 200 * 2 ** 20],
    ]),
    ephemeral: new Map([
      ["pr-1", { until: minutes(115), hasRun: true }],
      ["pr-2", { until: minutes(-1), hasRun: true }],
      ["pr-3", { until: minutes(60), hasRun: false }],
    ]),
  };
  expect(list(found, now)).toBe(
    [
      "STACK  MACHINES  MEMORY   AGE      GOES",
      "away   0/0       -        -        never",
      "dev    1/2       500 MiB  1 d 1 h  never",
      "pr-1   1/1       0 MiB    5 min    with its command, in 1 h 55 min at most",
      "pr-2   0/0       -        -        is over: make reap",
      "pr-3   0/0       -        -        in 1 h",
      "",
    ].join("\n"),
  );
});

test("without a stack it says how to make one", () => {
  const none = { known: [], containers: [], memory: new Map(), ephemeral: new Map() };
  expect(list(none, now)).toContain("make up");
});

test("what the engine prints is read", () => {
  expect(bytesOf("431.5MiB / 1GiB")).toBe(431.5 * 2 ** 20);
  expect(bytesOf("1.25GiB / 3.5GiB")).toBe(1.25 * 2 ** 30);
  expect(bytesOf("-- / --")).toBe(0);
  expect(() => bytesOf("")).toThrow("no memory usage");
  expect(createdAt("2026-11-21 23:38:14 +0100 CET")).toEqual(new Date("2026-11-21T22:38:14Z"));
});

test("outputs become what a shell exports, without secrets", () => {
  const outputs = { app1Url: "http://a/it's", kibanaPassword: "[secret]", managers: [{ a: 1 }] };
  expect(variables(outputs)).toBe(
    `export APP1_URL='http://a/it'\\''s'\nexport MANAGERS='[{"a":1}]'\n`,
  );
});
