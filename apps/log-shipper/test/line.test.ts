import { toLine } from "../src/line";
import { properties } from "../../log-keeper/src/wanted";

const origin = { node: "worker-1", container: "c".repeat(64), offset: 120 };
const time = "2026-11-21T12:00:00.123456789Z";
const attrs = {
  "com.docker.swarm.service.name": "proxy",
  "com.docker.swarm.task.name": "proxy.1.xyz",
};
const fieldsOf = (entry: object) =>
  JSON.parse(toLine(JSON.stringify(entry), origin)) as Record<string, unknown>;

const common = {
  ...{ stream: "stdout", container: origin.container, node: "worker-1" },
  ...{ service: "proxy", task: "proxy.1.xyz" },
};
const id = `${origin.container}-${time}-120`;

test("text is a message, with where it comes from", () => {
  expect(fieldsOf({ log: "a word\n", stream: "stdout", attrs, time })).toEqual({
    ...{ event_id: id, timestamp: time, message: "a word", ...common },
  });
});

test("JSON has its own fields, its own id and time among them, but not another service's name", () => {
  const own = { event_id: "mine", timestamp: "2026-11-21T11:00:00Z", status: 503, service: "app1" };
  expect(fieldsOf({ log: `${JSON.stringify(own)}\n`, stream: "stdout", attrs, time })).toEqual({
    ...{ ...own, ...common },
  });
});

test.each([
  ["a part of a longer line", "x".repeat(16_384), "x".repeat(16_384)],
  ["JSON that is none", '{"a": \n', '{"a": '],
  ["a list", "[1]\n", "[1]"],
  ["line ends in it", "a\r\n\n", "a\r\n"],
  ["nothing", "\n", ""],
])("%s is text", (_, log, message) => {
  expect(fieldsOf({ log, stream: "stderr", attrs, time })["message"]).toBe(message);
});

test("a container of no service has no service's name", () => {
  const fields = fieldsOf({ log: "word\n", stream: "stdout", time });
  expect(fields).not.toHaveProperty("service");
  expect(fields["container"]).toBe(origin.container);
});

test.each(["", '{"log":"half', "null", "\0\0\0", '{"log":1,"time":2}'])(
  "%j, which the engine did not finish, is kept and tagged",
  (text) => {
    expect(JSON.parse(toLine(text, origin))).toEqual({
      ...{ message: text, tags: ["_jsonparsefailure"], event_id: `${origin.container}-120` },
      ...{ container: origin.container, node: "worker-1" },
    });
  },
);

test("each of its own fields can be searched", () => {
  const own = Object.keys(fieldsOf({ log: "word\n", stream: "stdout", attrs, time }));
  const searched = Object.keys(properties);
  // Its own time is `@timestamp` once it has arrived.
  expect(own.filter((name) => !searched.includes(name))).toEqual(["timestamp"]);
});
