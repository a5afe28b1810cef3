import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { fromCursor } from "./cursor";
import { MAX_LENGTH, type NewEntry } from "./entry";

/** What is wrong with one part of the input, as a sentence for people. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** How many entries a page has, and how many a program may ask for. */
export const PAGE_SIZE = { default: 20, max: 100 } as const;

/** Letters, digits, marks and symbols; not, say, a row of zero-width spaces. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** What no keyboard makes, and what some programs take as a command or the end of the text. */
const CONTROL = /[^\P{Cc}\n\t]/u;
const CONTROL_OR_BREAK = /\p{Cc}/u;
/** Half a character: UTF-8 has none, so it would not come back as it was given. */
const LONE_SURROGATE = /\p{Cs}/u;

const text = (label: string, max: number, forbidden: RegExp, example: string) =>
  v.optional(
    v.pipe(
      v.string(`${label} must be text: give ${example}.`),
      // Browsers send line ends as CRLF and count them as one character.
      v.transform((value) => value.replace(/\r\n?/g, "\n").trim().normalize("NFC")),
      v.regex(VISIBLE, `${label} is empty: give ${example}.`),
      v.maxLength(
        max,
        ({ received }) => `${label} has ${received} characters: ${max} are allowed.`,
      ),
      v.check(
        (value) => !LONE_SURROGATE.test(value) && !forbidden.test(value),
        `${label} has control characters or broken ones: remove them.`,
      ),
    ),
    "",
  );

const uuid = v.pipe(
  v.string("The id must be a UUID."),
  v.uuid("The id must be a UUID."),
  v.toLowerCase(),
);

const newEntry = v.strictObject({
  id: v.optional(uuid, () => randomUUID()),
  name: text("Name", MAX_LENGTH.name, CONTROL_OR_BREAK, "your name"),
  message: text("Message", MAX_LENGTH.message, CONTROL, "a message"),
});

const cursor = v.pipe(
  v.string("The cursor must be given once."),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const position = fromCursor(dataset.value);
    if (position !== undefined) return position;
    addIssue({
      message: "The cursor is none of ours: take it from the answer before, or leave it out.",
    });
    return NEVER;
  }),
);

const limitMessage = `The limit must be a whole number from 1 to ${PAGE_SIZE.max}.`;
const listQuery = v.strictObject({
  limit: v.optional(
    v.pipe(
      v.string(limitMessage),
      v.digits(limitMessage),
      v.transform(Number),
      v.minValue(1, limitMessage),
      v.maxValue(PAGE_SIZE.max, limitMessage),
    ),
    String(PAGE_SIZE.default),
  ),
  cursor: v.optional(cursor),
});

export const isUuid = (input: unknown): boolean => v.is(uuid, input);

/** A new entry from a form or from JSON; an id is made where none is given. */
export const parseNewEntry = (input: unknown): Parsed<NewEntry> => parse(newEntry, input);

/** The query of a list: `limit` and `cursor`, and nothing else. */
export const parseListQuery = (input: unknown) => parse(listQuery, input);

function parse<T extends v.GenericSchema>(schema: T, input: unknown): Parsed<v.InferOutput<T>> {
  const result = v.safeParse(schema, input, { abortPipeEarly: true });
  if (result.success) return { ok: true, value: result.output };
  return {
    ok: false,
    problems: result.issues.map((issue) => {
      const field = v.getDotPath(issue) ?? "";
      // valibot's own messages, of which the library's are two: not an object, and an unknown key.
      const message =
        field === ""
          ? "The body must be a JSON object."
          : issue.type === "strict_object" && issue.expected === "never"
            ? "There is no such field: remove it."
            : issue.message;
      return { field, message };
    }),
  };
}
