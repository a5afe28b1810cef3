import { lookAtNodes, type Membership, parseNodes, unseenNodes } from "../../infra/nodes";
import { registered } from "./support";

const report = [
  "node\tmanager-1\tmanager\tmongo-keeper=true\tswarm.generation=m1",
  "node\tworker-1\tworker\tby=hand=and=more\tempty=\tmongo-store=1\tswarm.generation=m2",
  // What is left of one that was given up, beside the one that has its name now.
  "node\tlogger-1\tworker",
  "node\tlogger-1\tworker\tlogger=true\tswarm.generation=m3",
  "",
].join("\n");

test("reads what the script prints", () => {
  expect(parseNodes(report).slice(0, 2)).toEqual([
    {
      name: "manager-1",
      role: "manager",
      labels: { "mongo-keeper": "true", "swarm.generation": "m1" },
    },
    {
      name: "worker-1",
      role: "worker",
      labels: { by: "hand=and=more", empty: "", "mongo-store": "1", "swarm.generation": "m2" },
    },
  ]);
  expect(parseNodes("")).toEqual([]);
});

const place = (
  name: string,
  role: Membership["role"],
  labels: Membership["labels"] = {},
): Membership => ({ name, role, labels });

test.each<[string, Membership, string | undefined]>([
  ["as it should be", place("manager-1", "manager", { "mongo-keeper": "true" }), "m1"],
  ["with a label more", place("worker-1", "worker", { "mongo-store": "1" }), "m2"],
  ["twice, once as it should be", place("logger-1", "worker", { logger: "true" }), "m3"],
  ["with another role", place("manager-1", "worker", { "mongo-keeper": "true" }), undefined],
  ["with another value", place("worker-1", "worker", { "mongo-store": "2" }), undefined],
  ["without a label", place("worker-1", "worker", { logger: "true" }), undefined],
  ["not at all", place("worker-2", "worker"), undefined],
])("a machine that is listed %s", async (_how, wanted, generation) => {
  await registered(
    async () => {
      const found = (await lookAtNodes("dev")).generation(wanted);
      if (generation === undefined) expect(found).not.toMatch(/^m\d$|^$/);
      else expect(found).toBe(generation);
    },
    { facts: report },
  );
});

test("where nobody can look, every place is to be looked after", () => {
  const fresh = unseenNodes().generation(place("manager-1", "manager"));
  expect(fresh).toMatch(/^\w+$/);
});
