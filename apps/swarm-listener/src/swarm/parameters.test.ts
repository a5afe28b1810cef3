import type { SwarmService } from "../engine/types";
import { createParameters, removeParameters, wantsNotification } from "./parameters";

const options = { notifyLabel: "com.df.notify", namePrefix: "" };
const service = (spec: Partial<SwarmService["Spec"]>): SwarmService => ({
  ID: "id",
  CreatedAt: "2026-01-01T00:00:00Z",
  Spec: { Name: "app1", Mode: { Replicated: { Replicas: 2 } }, ...spec },
});

test.each<[string, Partial<SwarmService["Spec"]>, Record<string, string>]>([
  ["no labels", { Labels: null }, { serviceName: "app1", distribute: "true", replicas: "2" }],
  [
    "only labels below com.df., without the one that makes it take part",
    { Labels: { "com.df.notify": "true", "com.df.port.1": "80", other: "x", "com.df.": "y" } },
    { serviceName: "app1", distribute: "true", replicas: "2", "port.1": "80" },
  ],
  [
    "labels win over the default of distribute and over nothing else",
    {
      Labels: {
        "com.df.createdAt": "1970-01-01T00:00:00Z",
        "com.df.distribute": "false",
        "com.df.serviceName": "evil",
        "com.df.replicas": "9",
      },
    },
    { serviceName: "app1", distribute: "false", replicas: "2" },
  ],
  ["global", { Mode: { Global: {} } }, { serviceName: "app1", distribute: "true" }],
  [
    "no replicas",
    { Mode: { Replicated: { Replicas: 0 } } },
    { serviceName: "app1", distribute: "true", replicas: "0" },
  ],
])("create: %s", (_what, spec, expected) => {
  const createdAt = "2026-01-01T00:00:00Z";
  expect(createParameters(service(spec), options)).toEqual({ ...expected, createdAt });
});

test("remove: without replicas", () => {
  const Labels = { "com.df.notify": "true", "com.df.aclName": "a" };
  expect(removeParameters(service({ Labels }), options)).toEqual({
    serviceName: "app1",
    distribute: "true",
    aclName: "a",
  });
});

test("the prefix comes before the name", () => {
  expect(createParameters(service({}), { ...options, namePrefix: "dev1" })).toMatchObject({
    serviceName: "dev1_app1",
  });
});

test.each([
  ["shop", "true", "web", "shop_web"],
  ["shop", "TRUE", "web", "shop_web"],
  ["shop", "false", "shop_web", "shop_web"],
  ["shop", undefined, "shop_web", "shop_web"],
  [undefined, "true", "shop_web", "shop_web"],
  ["shop", "true", "shopping", "shopping"],
])("stack %s, shortName %s: %s of %s", (stack, short, expected, name) => {
  const Labels: Record<string, string> = {};
  if (stack !== undefined) Labels["com.docker.stack.namespace"] = stack;
  if (short !== undefined) Labels["com.df.shortName"] = short;
  const { serviceName } = createParameters(service({ Name: name, Labels }), options);
  expect(serviceName).toBe(expected);
});

test.each([
  ["true", true],
  ["True", true],
  ["false", false],
  ["", false],
  [undefined, false],
])("notify=%s: %s", (value, expected) => {
  const Labels: Record<string, string> = value === undefined ? {} : { "com.df.notify": value };
  expect(wantsNotification(service({ Labels }), "com.df.notify")).toBe(expected);
});
