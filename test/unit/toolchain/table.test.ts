import { table } from "../../../scripts/table";

test("values first, then lists and maps with a line for each entry, names before the rest", () => {
  const outputs = {
    managers: [
      { address: "10.0.0.1", name: "manager-1" },
      { address: "10.0.0.2", name: "manager-2" },
    ],
    proxyUrl: "http://127.0.0.1:8080",
    standIns: { "debian:trixie-slim": "real software, packaged from Debian" },
  };
  expect(table(outputs).split("\n")).toEqual([
    "proxyUrl  http://127.0.0.1:8080",
    "managers  manager-1 10.0.0.1",
    "          manager-2 10.0.0.2",
    "standIns  debian:trixie-slim: real software, packaged from Debian",
  ]);
});

test.each([
  [{}, ""],
  [{ a: [] }, "a  none"],
  [{ a: {} }, "a  none"],
  [{ a: 1, b: true, c: null }, "a  1\nb  true\nc  null"],
])("outputs %j", (outputs, expected) => {
  expect(table(outputs)).toBe(expected);
});
