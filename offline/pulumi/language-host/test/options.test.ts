import { parseOptions, splitArguments } from "../src/options";

test.each([
  [{}, { typescript: true, nodeArgs: [] }],
  [
    { typescript: false, nodeargs: "-r ./x.js" },
    { typescript: false, nodeArgs: ["-r", "./x.js"] },
  ],
  [
    { tsconfig: "t.json", packagemanager: "npm" },
    { typescript: true, tsconfig: "t.json", nodeArgs: [] },
  ],
])("options %j", (options, expected) => {
  expect(parseOptions(options)).toEqual(expected);
});

test.each([
  [{ typescript: 1 }, "typescript option must be a boolean"],
  [{ tsconfig: 1 }, "tsconfigpath option must be a string"],
  [{ nodeargs: [] }, "nodeargs option must be a string"],
  [{ packagemanager: 1 }, "packagemanager option must be a string"],
  [{ packagemanager: "yarn" }, '"yarn" is not supported by the offline language host'],
])("wrong options %j", (options, message) => {
  expect(() => parseOptions(options)).toThrow(message);
});

test.each([
  ["", []],
  ["  -a   b ", ["-a", "b"]],
  [`--title='a b' -r "c d"`, ["--title=a b", "-r", "c d"]],
  [`a'b'"c"`, ["abc"]],
])("%p splits into %j", (line, words) => {
  expect(splitArguments(line)).toEqual(words);
});
