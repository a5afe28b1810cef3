import { toCursor } from "./cursor";
import { isUuid, parseListQuery, parseNewEntry } from "./input";

const ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

describe("a new entry", () => {
  test("is taken, as people mean it", () => {
    const input = { id: ID.toUpperCase(), name: " Ame\u0301lie ", message: "\r\na\r\n\r\nb\rc\n" };
    expect(parseNewEntry(input)).toEqual({
      ok: true,
      value: { id: ID, name: "Am\u00e9lie", message: "a\n\nb\nc" },
    });
  });

  test("gets an id when it has none, each another", () => {
    const ids = [1, 2].map(() => {
      const parsed = parseNewEntry({ name: "Ada", message: "Hello" });
      return parsed.ok ? parsed.value.id : "";
    });
    expect(ids.every(isUuid)).toBe(true);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test.each([
    ["name", "x".repeat(60)],
    ["message", "x".repeat(1_000)],
    ["message", "a\tb"],
    ["name", "\u{1F469}\u200d\u{1F467}"],
    ["name", "\u202eadA"],
    ["message", ":-)"],
  ])("%s may be %j", (field, value) => {
    expect(parseNewEntry({ name: "Ada", message: "Hello", [field]: value })).toMatchObject({
      ok: true,
      value: { [field]: value },
    });
  });

  test("browsers' line ends do not count twice", () => {
    const message = `${"x\r\n".repeat(499)}xx`;
    expect(parseNewEntry({ name: "Ada", message }).ok).toBe(true);
  });

  test.each([
    ["name", undefined, "Name is empty: give your name."],
    ["name", " \n ", "Name is empty: give your name."],
    ["name", "\u200b\u2060", "Name is empty: give your name."],
    ["name", 5, "Name must be text: give your name."],
    ["name", ["a", "b"], "Name must be text: give your name."],
    ["name", null, "Name must be text: give your name."],
    ["name", "x".repeat(61), "Name has 61 characters: 60 are allowed."],
    ["name", "a\nb", "Name has control characters or broken ones: remove them."],
    ["name", "a\u0000", "Name has control characters or broken ones: remove them."],
    ["name", "a\ud800", "Name has control characters or broken ones: remove them."],
    ["message", "", "Message is empty: give a message."],
    ["message", { $ne: 1 }, "Message must be text: give a message."],
    ["message", "x".repeat(1_001), "Message has 1001 characters: 1000 are allowed."],
    ["message", "a\u0007", "Message has control characters or broken ones: remove them."],
    ["message", "a\u0085", "Message has control characters or broken ones: remove them."],
    ["id", "1", "The id must be a UUID."],
    ["id", 1, "The id must be a UUID."],
    ["id", { $gt: "" }, "The id must be a UUID."],
    ["createdAt", "2020-01-01", "There is no such field: remove it."],
    ["__proto__x", 1, "There is no such field: remove it."],
  ])("%s may not be %j", (field, value, message) => {
    expect(parseNewEntry({ name: "Ada", message: "Hello", [field]: value })).toEqual({
      ok: false,
      problems: [{ field, message }],
    });
  });

  test.each([undefined, null, "name=Ada", 1, true])("may not be %j", (input) => {
    expect(parseNewEntry(input)).toEqual({
      ok: false,
      problems: [{ field: "", message: "The body must be a JSON object." }],
    });
  });

  test("has all its problems named", () => {
    const parsed = parseNewEntry({ id: "x", message: "" });
    expect(parsed.ok || parsed.problems.map(({ field }) => field)).toEqual([
      "id",
      "name",
      "message",
    ]);
  });
});

describe("the query of a list", () => {
  const position = { createdAt: new Date("2030-01-02T03:04:05.678Z"), id: ID };

  test.each([
    [{}, { limit: 20 }],
    [{ limit: "1" }, { limit: 1 }],
    [{ limit: "100" }, { limit: 100 }],
    [{ cursor: toCursor(position) }, { limit: 20, cursor: position }],
  ])("%j is taken", (query, value) => {
    expect(parseListQuery(query)).toEqual({ ok: true, value });
  });

  test.each([
    ["limit", "0"],
    ["limit", "101"],
    ["limit", "-1"],
    ["limit", "1e1"],
    ["limit", ""],
    ["limit", ["1", "2"]],
    ["cursor", ""],
    ["cursor", "x"],
    ["cursor", `1_${ID}x`],
    ["cursor", `-1_${ID}`],
    ["cursor", `9999999999999999_${ID}`],
    ["cursor", [`1_${ID}`]],
    ["cursor", { $gt: "" }],
    ["q", "1"],
  ])("%s=%j is refused", (field, value) => {
    const parsed = parseListQuery({ [field]: value });
    expect(parsed.ok || parsed.problems.map((problem) => problem.field)).toEqual([field]);
  });
});
