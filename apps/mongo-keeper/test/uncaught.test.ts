import { EventEmitter } from "node:events";

import { createLog } from "../src/log";
import { logUncaught } from "../src/uncaught";

function setUp() {
  const lines: string[] = [];
  const codes: unknown[] = [];
  const host = Object.assign(new EventEmitter(), { exit: (code: unknown) => codes.push(code) });
  logUncaught(
    createLog((line) => lines.push(line)),
    host as unknown as NodeJS.Process,
  );
  return { host, codes, said: () => lines.map((line) => JSON.parse(line) as unknown) };
}

test("an error that nobody caught is one line with its stack, and the end", () => {
  const { host, codes, said } = setUp();
  const error = new Error("two\nlines");
  host.emit("uncaughtException", error);
  expect(said()).toEqual([
    expect.objectContaining({ level: "error", error: "two\nlines", stack: error.stack }),
  ]);
  expect(codes).toEqual([1]);
});

test("a warning is a line, and no end", () => {
  const { host, codes, said } = setUp();
  host.emit("warning", new Error("deprecated"));
  expect(said()).toEqual([expect.objectContaining({ level: "warn", warning: "deprecated" })]);
  expect(codes).toEqual([]);
});
