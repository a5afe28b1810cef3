import { domainSet, parseList } from "./domains";

test.each<[string, string[]]>([
  ["('a.example' 'www.a.example')", ["a.example", "www.a.example"]],
  [`("a.example" www.a.example)`, ["a.example", "www.a.example"]],
  ["('0 3 * * *' '0 15 * * *')", ["0 3 * * *", "0 15 * * *"]],
  ["  ( 'a.example' )  ", ["a.example"]],
  ["('' '')", ["", ""]],
  ["()", []],
  ["0 3 * * *", ["0 3 * * *"]],
])("reads %s as Bash does", (text, values) => {
  expect(parseList(text)).toEqual(values);
});

test("reads a comma list where one is allowed", () => {
  expect(parseList("a.example, www.a.example", ",")).toEqual(["a.example", "www.a.example"]);
});

test.each(["('a.example'", "('a.example)", "('a' (b))", `("a.example' 'b.example")x`])(
  "refuses %s",
  (text) => {
    expect(() => parseList(text)).toThrow(/parenthes[ie]s/);
  },
);

test("names a set by its first domain, and takes each name once", () => {
  expect(domainSet(["WWW.a.example", "a.example.", "www.a.example"])).toEqual({
    name: "www.a.example",
    domains: ["www.a.example", "a.example"],
  });
});

test.each<[string[], RegExp]>([
  [[], /names no domain/],
  [[""], /has "", which is not a domain/],
  [["localhost"], /"localhost", which is not a domain/],
  [["a..example"], /not a domain/],
  [["-a.example"], /not a domain/],
  [["a_b.example"], /not a domain/],
  [["a.example", "a.example/../../etc"], /"a.example\/..\/..\/etc"/],
  [["--server=x.example"], /not a domain/],
  [["10.0.0.1"], /"10.0.0.1", which is not a domain/],
  [[`${"a".repeat(64)}.example`], /not a domain/],
  [["*.a.example"], /a wildcard cannot be proven by HTTP/],
  [Array.from({ length: 101 }, (_, i) => `a${i}.example`), /101 names/],
])("refuses %j", (values, message) => {
  expect(() => domainSet(values)).toThrow(message);
});
