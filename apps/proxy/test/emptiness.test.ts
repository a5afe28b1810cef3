import { Emptiness } from "../src/control/emptiness";
import { memoryLog } from "./support";

function setUp({ patienceMs = 0, running = [] as string[] } = {}) {
  const { log, lines } = memoryLog();
  const hasTasks = (name: string): Promise<boolean> => Promise.resolve(running.includes(name));
  return { lines, running, emptiness: new Emptiness({ log, hasTasks, patienceMs }) };
}

describe("Emptiness", () => {
  it("believes a list that is not empty, and an empty one where there is no route", async () => {
    const { emptiness, lines } = setUp({ patienceMs: 60_000 });
    expect(await emptiness.isBelieved(1, ["a", "b"])).toBe(true);
    expect(await emptiness.isBelieved(0, [])).toBe(true);
    expect(lines).toEqual([]);
  });

  it("believes an empty list once it has been empty for long, and says so once", async () => {
    jest.useFakeTimers();
    try {
      const { emptiness, lines } = setUp({ patienceMs: 30_000 });
      expect(await emptiness.isBelieved(0, ["a"])).toBe(false);
      jest.advanceTimersByTime(29_000);
      expect(await emptiness.isBelieved(0, ["a"])).toBe(false);
      expect(lines).toHaveLength(1);
      jest.advanceTimersByTime(1_000);
      expect(await emptiness.isBelieved(0, ["a"])).toBe(true);
      expect(lines).toHaveLength(2);
    } finally {
      jest.useRealTimers();
    }
  });

  it("begins anew when a list in between was not empty", async () => {
    jest.useFakeTimers();
    try {
      const { emptiness } = setUp({ patienceMs: 30_000 });
      await emptiness.isBelieved(0, ["a"]);
      jest.advanceTimersByTime(29_000);
      await emptiness.isBelieved(1, ["a"]);
      expect(await emptiness.isBelieved(0, ["a"])).toBe(false);
      jest.advanceTimersByTime(29_000);
      expect(await emptiness.isBelieved(0, ["a"])).toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });

  it("does not believe it while any of the services has tasks", async () => {
    const { emptiness, running } = setUp({ running: ["b"] });
    expect(await emptiness.isBelieved(0, ["a", "b"])).toBe(false);
    running.pop();
    expect(await emptiness.isBelieved(0, ["a", "b"])).toBe(true);
  });

  it("asks DNS for tasks where nobody else is named", async () => {
    const emptiness = new Emptiness({ log: memoryLog().log, patienceMs: 0 });
    // RFC 6761: this never resolves.
    expect(await emptiness.isBelieved(0, ["nobody.invalid"])).toBe(true);
  });
});
