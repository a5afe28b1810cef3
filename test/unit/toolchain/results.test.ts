import { type Results, summarize } from "../../../scripts/results";

const assertion = (fullName: string, status: string, ...failureMessages: string[]) => ({
  ...{ fullName, status, failureMessages },
});

const green: Results = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1 };

test("sums all suites", () => {
  expect(
    summarize(
      new Map([
        ["unit", green],
        ["e2e", green],
      ]),
    ),
  ).toBe("6 passed, 0 failed, 2 skipped");
});

test("says what failed and why, before the sum", () => {
  const faults: Results = {
    numPassedTests: 1,
    numFailedTests: 1,
    testResults: [
      {
        ...{ name: "/x/05.ts", status: "failed", message: "all of it" },
        assertionResults: [
          assertion("is served", "passed"),
          assertion("the leader killed", "failed", "\u001b[31mstatus 503\u001b[39m\n\nReceived: 3"),
        ],
      },
    ],
  };
  expect(
    summarize(
      new Map([
        ["unit", green],
        ["faults", faults],
      ]),
    ),
  ).toBe(
    [
      "failed: faults, the leader killed\n    status 503\n    Received: 3",
      "4 passed, 1 failed, 1 skipped",
    ].join("\n\n"),
  );
});

test("counts a suite that could not start, and says why", () => {
  const broken: Results = {
    ...{ numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 },
    testResults: [
      { name: "/x/setup.ts", status: "failed", message: "no engine", assertionResults: [] },
    ],
  };
  expect(summarize(new Map([["e2e", broken]]))).toBe(
    "failed: e2e, /x/setup.ts\n    no engine\n\n0 passed, 1 failed, 0 skipped",
  );
});

test("names a check that has no tests of its own", () => {
  expect(summarize(new Map([["lint", { numPassedTests: 0, numFailedTests: 1 }]]))).toBe(
    "failed: lint\n\n0 passed, 1 failed, 0 skipped",
  );
});

test("shows the beginning of a long message", () => {
  const long = Array.from({ length: 100 }, (_, i) => `line ${i} ${"x".repeat(1000)}`).join("\n");
  const results: Results = {
    ...{ numPassedTests: 0, numFailedTests: 1 },
    testResults: [
      {
        name: "a",
        status: "failed",
        message: "",
        assertionResults: [assertion("t", "failed", long)],
      },
    ],
  };
  const lines = summarize(new Map([["unit", results]])).split("\n");
  expect(lines.length).toBeLessThan(30);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250);
});
