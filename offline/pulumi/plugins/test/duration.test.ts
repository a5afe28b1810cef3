import { formatDuration, parseDuration } from "../src/docker/service/duration";

test.each([
  ["0s", 0],
  ["250ms", 250e6],
  ["5s", 5e9],
  ["1.5s", 1.5e9],
  ["1m30s", 90e9],
  ["1h", 3600e9],
  ["1h1s", 3601e9],
])("%s is %d ns, and back", (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds);
  expect(formatDuration(nanoseconds)).toBe(text);
});

test.each([
  ["90s", "1m30s"],
  ["60m", "1h"],
  ["0", "0s"],
  ["1500us", "1.5ms"],
])("%s is written %s", (text, written) =>
  expect(formatDuration(parseDuration(text) ?? -1)).toBe(written),
);

test.each(["", "5", "s", "5 s", "-5s", "5s!"])("%j is none", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
