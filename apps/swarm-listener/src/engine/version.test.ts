import { negotiate } from "./version";

test.each([
  ["20.10.24", "1.41", "1.12", "1.41"],
  ["26.1.5", "1.45", "1.24", "1.45"],
  ["28.2.2", "1.50", "1.24", "1.50"],
  ["29.0.0", "1.52", "1.44", "1.52"],
  ["a later one", "1.60", "1.44", "1.52"],
  ["one that does not say", "1.60", undefined, "1.52"],
])("engine %s speaks %s, at least %s: %s", (Version, ApiVersion, MinAPIVersion, expected) => {
  expect(negotiate({ Version, ApiVersion, MinAPIVersion })).toBe(expected);
});

test.each([
  ["18.09", "1.39", "1.12", "engine 18.09 speaks API 1.39, 1.40 is needed: update the engine"],
  ["40.0", "1.90", "1.60", "engine 40.0 needs API 1.60, 1.52 is known: update the listener"],
  ["50.0", "2.0", "2.0", "engine 50.0 needs API 2.0, 1.52 is known: update the listener"],
])("engine %s speaks %s, at least %s: no", (Version, ApiVersion, MinAPIVersion, message) => {
  expect(() => negotiate({ Version, ApiVersion, MinAPIVersion })).toThrow(message);
});
