import { diffInputs } from "../src/model/diff";
import type { ResourceModel } from "../src/model/model";
import type { PropertyMap } from "../src/protocol/values";
import { UNKNOWN, secret } from "../src/protocol/values";
import { network } from "../src/docker/resources/network";
import { serviceModel } from "../src/docker/service/model";
import { copyModel } from "../src/command/models";

const service = serviceModel as ResourceModel;
const task = (containerSpec: PropertyMap, rest: PropertyMap = {}): PropertyMap => ({
  taskSpec: { containerSpec: { image: "x", ...containerSpec }, ...rest },
});

describe("what changed", () => {
  test.each<[string, PropertyMap, PropertyMap, Record<string, string>]>([
    ["nothing", task({ user: "a" }), task({ user: "a" }), {}],
    [
      "only what Check noted",
      { ...task({}), __defaults: ["name"] },
      { ...task({}), __defaults: [] },
      {},
    ],
    [
      "a value",
      task({ user: "a" }),
      task({ user: "b" }),
      { "taskSpec.containerSpec.user": "UPDATE" },
    ],
    ["a value that came", task({}), task({ user: "b" }), { "taskSpec.containerSpec.user": "ADD" }],
    [
      "a value that went",
      task({ user: "a" }),
      task({}),
      { "taskSpec.containerSpec.user": "DELETE" },
    ],
    [
      "an unknown value",
      task({ image: "x" }),
      task({ image: UNKNOWN }),
      { "taskSpec.containerSpec.image": "UPDATE" },
    ],
    [
      "a variable",
      task({ env: { A: "1", B: "1" } }),
      task({ env: { A: "2", "C.D": "1" } }),
      {
        "taskSpec.containerSpec.env.A": "UPDATE",
        "taskSpec.containerSpec.env.B": "DELETE",
        'taskSpec.containerSpec.env["C.D"]': "ADD",
      },
    ],
    [
      "the order of a list",
      task({ args: ["a", "b"] }),
      task({ args: ["b", "a"] }),
      {
        "taskSpec.containerSpec.args[0]": "UPDATE",
        "taskSpec.containerSpec.args[1]": "UPDATE",
      },
    ],
    [
      "not the order of a set",
      {
        ...task({}),
        labels: [
          { label: "a", value: "1" },
          { label: "b", value: "2" },
        ],
      },
      {
        ...task({}),
        labels: [
          { label: "b", value: "2", __defaults: [] },
          { label: "a", value: "1" },
        ],
      },
      {},
    ],
    [
      "one element of a set",
      {
        ...task({}),
        labels: [
          { label: "a", value: "1" },
          { label: "b", value: "2" },
        ],
      },
      {
        ...task({}),
        labels: [
          { label: "b", value: "3" },
          { label: "a", value: "1" },
        ],
      },
      { "labels[0]": "ADD", "labels[1]": "DELETE" },
    ],
    [
      "an element in its place",
      { ...task({}), labels: [{ label: "a", value: "1" }] },
      { ...task({}), labels: [{ label: "a", value: "2" }] },
      { "labels[0].value": "UPDATE" },
    ],
    [
      "a secret's content",
      task({ env: { A: secret("1") } }),
      task({ env: { A: secret("2") } }),
      { "taskSpec.containerSpec.env.A": "UPDATE" },
    ],
    ["not a secret's mark", task({ env: { A: "1" } }), task({ env: { A: secret("1") } }), {}],
    [
      "not what the engine may choose",
      { ...task({ healthcheck: { tests: ["CMD"] } }), endpointSpec: { mode: "dnsrr" } },
      task({}),
      {},
    ],
    [
      "a label of the container, which replaces",
      task({ labels: [] }),
      task({ labels: [{ label: "a", value: "1" }] }),
      { "taskSpec.containerSpec.labels[0]": "ADD_REPLACE" },
    ],
    [
      "a network more, which replaces",
      task({}, { networksAdvanceds: [{ id: "a" }] }),
      task({}, { networksAdvanceds: [{ id: "a" }, { id: "b" }] }),
      { "taskSpec.networksAdvanceds[1]": "ADD_REPLACE" },
    ],
    [
      "a mount more, which does not",
      task({ mounts: [] }),
      task({ mounts: [{ type: "tmpfs", target: "/t" }] }),
      { "taskSpec.containerSpec.mounts[0]": "ADD" },
    ],
    [
      "a mount more with labels, which does",
      task({ mounts: [] }),
      task({
        mounts: [
          { type: "volume", target: "/t", volumeOptions: { labels: [{ label: "a", value: "1" }] } },
        ],
      }),
      { "taskSpec.containerSpec.mounts[0]": "ADD_REPLACE" },
    ],
    [
      "replicas",
      { ...task({}), mode: { replicated: { replicas: 1 } } },
      { ...task({}), mode: { replicated: { replicas: 2 } } },
      { "mode.replicated.replicas": "UPDATE" },
    ],
    [
      "the kind of mode, which replaces",
      { ...task({}), mode: { replicated: { replicas: 1 } } },
      { ...task({}), mode: { global: true } },
      { "mode.global": "ADD_REPLACE" },
    ],
  ])("%s", (_what, old, news, detailed) => {
    expect(diffInputs(service, old, news).detailed).toEqual(detailed);
  });

  test("assets are compared by content", () => {
    const source = (hash: string, path: string) => ({ source: { hash, path } });
    const diff = (old: PropertyMap, news: PropertyMap) => diffInputs(copyModel, old, news).detailed;
    expect(diff(source("1", "a"), source("1", "b"))).toEqual({});
    expect(diff(source("1", "a"), source("2", "a"))).toEqual({ source: "UPDATE" });
  });
});

describe("replacement", () => {
  const model = network.model as ResourceModel;
  const replaced = (old: PropertyMap, news: PropertyMap) => diffInputs(model, old, news);

  test("says why, and what stays", () => {
    const diff = replaced({ name: "n", driver: "a" }, { name: "n", driver: "b" });
    expect(diff).toMatchObject({ changes: true, replaces: ["driver"], diffs: ["driver"] });
    expect(diff.stables).not.toContain("driver");
    expect(diff.stables).toContain("name");
  });
  test("of a thing with a fixed name deletes first", () => {
    const diff = replaced({ name: "n", driver: "a" }, { name: "n", driver: "b" });
    expect(diff.deleteBeforeReplace).toBe(true);
  });
  test("of a thing with a made-up name creates first", () => {
    const auto = { name: "n", __defaults: ["name"] };
    expect(replaced({ ...auto, driver: "a" }, { ...auto, driver: "b" }).deleteBeforeReplace).toBe(
      false,
    );
  });
  test("by a new name creates first", () => {
    expect(replaced({ name: "n" }, { name: "m" }).deleteBeforeReplace).toBe(false);
  });
});

describe("ignoreChanges", () => {
  const old = task({ user: "a", env: { A: "1" } });
  const news = task({ user: "b", env: { A: "2" } });
  test.each<[string, string[], string[]]>([
    ["nothing", [], ["taskSpec.containerSpec.env.A", "taskSpec.containerSpec.user"]],
    ["one property", ["taskSpec.containerSpec.user"], ["taskSpec.containerSpec.env.A"]],
    ["what is below it", ["taskSpec.containerSpec.env"], ["taskSpec.containerSpec.user"]],
    ["any segment", ["taskSpec.*.user"], ["taskSpec.containerSpec.env.A"]],
    [
      "not what only begins alike",
      ["taskSpec.containerSpec.use"],
      ["taskSpec.containerSpec.env.A", "taskSpec.containerSpec.user"],
    ],
    ["everything", ["*"], []],
  ])("covers %s", (_what, ignored, left) => {
    expect(Object.keys(diffInputs(service, old, news, ignored).detailed).sort()).toEqual(left);
  });
});
