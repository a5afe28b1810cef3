import { lookAtNodes, type Membership, parseNodes, unseenNodes } from "../../infra/nodes";
import { registered } from "./support";

const report = [
  "asked\tdocker exec -i swarm-dev-manager-1",
  "node\tmanager-1\tmanager\tready\tm1\tmongo-keeper=true\tswarm.generation=m1",
  "node\tworker-1\tworker\tready\tm2\tby=hand=and=more\tempty=\tmongo-store=1",
  // What is left of one that was given up, beside the one that has its name now.
  "node\tlogger-1\tworker\tdown\tm0\tlogger=true",
  "node\tlogger-1\tworker\tready\tm3\tlogger=true",
  "node\tworker-2\tworker\tdown\tm4",
  // Joined by hand.
  "node\tworker-3\tworker\tready\t",
  "",
].join("\n");

test("reads what the script prints", () => {
  expect(parseNodes(report)?.slice(0, 2)).toEqual([
    {
      ...{ name: "manager-1", role: "manager", state: "ready", generation: "m1" },
      labels: { "mongo-keeper": "true", "swarm.generation": "m1" },
    },
    {
      ...{ name: "worker-1", role: "worker", state: "ready", generation: "m2" },
      labels: { by: "hand=and=more", empty: "", "mongo-store": "1" },
    },
  ]);
});

test("where no manager was asked, nothing is known", async () => {
  expect(parseNodes("")).toBeUndefined();
  await registered(async () => expect((await lookAtNodes("dev")).areKnown).toBe(false), {
    facts: "",
  });
  expect(unseenNodes().areKnown).toBe(false);
  expect(unseenNodes().generation(place("manager-1", "manager"))).toMatch(/^\w+$/);
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
  ["as down", place("worker-2", "worker"), undefined],
  ["and was never looked after", place("worker-3", "worker"), undefined],
  ["not at all", place("worker-4", "worker"), undefined],
])("a machine that is listed %s", async (_how, wanted, generation) => {
  await registered(
    async () => {
      const seen = await lookAtNodes("dev");
      expect(seen.areKnown).toBe(true);
      if (generation === undefined) expect(seen.generation(wanted)).not.toMatch(/^m\d$|^$/);
      else expect(seen.generation(wanted)).toBe(generation);
    },
    { facts: report },
  );
});
