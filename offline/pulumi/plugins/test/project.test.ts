import type { ResourceModel } from "../src/model/model";
import { projectInputs } from "../src/model/project";
import type { PropertyMap } from "../src/protocol/values";
import { secret } from "../src/protocol/values";
import { network } from "../src/docker/resources/network";
import { secret as secretResource } from "../src/docker/resources/secret";
import { serviceModel } from "../src/docker/service/model";

const service = serviceModel as ResourceModel;
const container = (containerSpec: PropertyMap): PropertyMap => ({ taskSpec: { containerSpec } });
const project = (inputs: PropertyMap, prior: PropertyMap, state: PropertyMap) =>
  projectInputs(service, inputs, prior, state);

test.each<[string, PropertyMap, PropertyMap, PropertyMap, PropertyMap]>([
  [
    "a live value replaces the given one",
    { user: "a" },
    { user: "a" },
    { user: "b" },
    { user: "b" },
  ],
  ["what somebody else set appears", {}, { user: "" }, { user: "b" }, { user: "b" }],
  ["what the engine chose does not", {}, { init: false }, { init: true }, {}],
  ["what was there already does not", {}, { user: "b" }, { user: "b" }, {}],
  [
    "a variable that somebody added appears",
    { env: { A: "1" } },
    { env: { A: "1" } },
    { env: { A: "1", B: "2" } },
    { env: { A: "1", B: "2" } },
  ],
  [
    "a duration stays as it was spelled",
    { stopGracePeriod: "90s" },
    {},
    { stopGracePeriod: "1m30s" },
    { stopGracePeriod: "90s" },
  ],
  [
    "an image stays without its digest",
    { image: "x:1" },
    {},
    { image: `x:1@sha256:${"0".repeat(64)}` },
    { image: "x:1" },
  ],
  [
    "another digest is another image",
    { image: "x@sha256:1" },
    {},
    { image: "x@sha256:2" },
    { image: "x@sha256:2" },
  ],
  [
    "objects keep the program's order",
    {
      hosts: [
        { host: "b", ip: "2" },
        { host: "a", ip: "1" },
      ],
    },
    {},
    {
      hosts: [
        { host: "a", ip: "1" },
        { host: "b", ip: "2" },
      ],
    },
    {
      hosts: [
        { host: "b", ip: "2" },
        { host: "a", ip: "1" },
      ],
    },
  ],
  [
    "objects show no more than was given",
    { mounts: [{ type: "tmpfs", target: "/t" }] },
    {},
    { mounts: [{ type: "tmpfs", target: "/t", source: "", readOnly: false, tmpfsOptions: null }] },
    { mounts: [{ type: "tmpfs", target: "/t" }] },
  ],
  [
    "an object that somebody added appears",
    { hosts: [] },
    {},
    { hosts: [{ host: "a", ip: "1" }] },
    { hosts: [{ host: "a", ip: "1" }] },
  ],
])("%s", (_what, inputs, prior, state, expected) => {
  expect(project(container(inputs), container(prior), container(state))).toEqual(
    container(expected),
  );
});

test("of a map of the engine's only the given keys are looked at", () => {
  const inputs = { options: { mtu: "1400" } };
  const state = { options: { mtu: "1400", vxlan: "4097" } };
  expect(projectInputs(network.model as ResourceModel, inputs, state, state)).toEqual(inputs);
});

test("secrets are marked, and empty notes dropped", () => {
  const inputs = { __defaults: [], data: "eA==", name: "n" };
  const state = { data: secret("eA=="), name: "n" };
  const projected = projectInputs(secretResource.model, inputs, state, state);
  expect(projected).toEqual({ data: secret("eA=="), name: "n" });
});
