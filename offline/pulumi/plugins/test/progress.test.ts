import type { ServiceInspect, Task } from "../src/docker/engine/types";
import type { RolloutView } from "../src/docker/service/progress";
import { progressOf } from "../src/docker/service/progress";

const NEW = { ContainerSpec: { Image: "new" } };
const OLD = { ContainerSpec: { Image: "old" } };

function service(image: typeof NEW, status?: ServiceInspect["UpdateStatus"]): ServiceInspect {
  return {
    ID: "s",
    Version: { Index: 1 },
    Spec: { Name: "web", TaskTemplate: image, Mode: { Replicated: { Replicas: 2 } } },
    UpdateStatus: status,
  };
}

let slot = 0;
const task = (change: Partial<Task> = {}, state = "running", error?: string): Task => ({
  ID: `t${++slot}`,
  ServiceID: "s",
  NodeID: "up",
  Slot: slot,
  Spec: NEW,
  DesiredState: "running",
  Status: { State: state, Err: error },
  ...change,
});

const view = (change: Partial<RolloutView>): RolloutView => ({
  service: service(NEW),
  before: undefined,
  tasks: [],
  upNodes: new Set(["up"]),
  mayBegin: false,
  ...change,
});

const earlier = { State: "completed", StartedAt: "1" };
const now = (State: string, Message = "why") => ({ State, StartedAt: "2", Message });
const updating = (status?: ServiceInspect["UpdateStatus"]) => ({
  service: service(NEW, status),
  before: service(OLD, earlier),
});

describe("a new service", () => {
  test.each<[string, Task[], string, boolean]>([
    ["has no tasks yet", [], "0/2 running", false],
    ["has one task running", [task(), task({}, "starting")], "1/2 running", false],
    ["has all tasks running", [task(), task()], "2/2 running", true],
    ["has a task on a node that is down", [task(), task({ NodeID: "down" })], "1/2 running", false],
    [
      "has a task that is to stop",
      [task(), task({ DesiredState: "shutdown" })],
      "1/2 running",
      false,
    ],
    ["has two tasks in one slot", [task({ Slot: 1 }), task({ Slot: 1 })], "1/2 running", false],
  ])("%s", (_what, tasks, text, done) => {
    expect(progressOf(view({ tasks }))).toEqual({ text, done });
  });

  test("tells what its tasks complain about", () => {
    const tasks = [task({}, "rejected", "No such image")];
    expect(progressOf(view({ tasks })).lastError).toBe("No such image");
  });
});

describe("an update", () => {
  const all = [task(), task()];
  const old = [task({ Spec: OLD }), task({ Spec: OLD })];
  test.each<[string, Partial<RolloutView>, string, boolean]>([
    [
      "has not begun: the old tasks do not count",
      { ...updating(earlier), tasks: old, mayBegin: true },
      "2/2 running",
      false,
    ],
    [
      "need not begin: nothing about the tasks changed",
      { service: service(NEW, earlier), before: service(NEW, earlier), tasks: old, mayBegin: true },
      "2/2 running",
      true,
    ],
    [
      "did not begin in time: there was nothing to do",
      { ...updating(earlier), tasks: old, mayBegin: false },
      "2/2 running",
      true,
    ],
    [
      "has only new tasks though nobody said that it began",
      { ...updating(earlier), tasks: all, mayBegin: true },
      "2/2 running",
      true,
    ],
    ["is under way", { ...updating(now("updating")), tasks: all }, "updating: 2/2 running", false],
    ["is completed", { ...updating(now("completed")), tasks: all }, "completed: 2/2 running", true],
    [
      "is completed, but a task is gone again",
      { ...updating(now("completed")), tasks: [task()] },
      "completed: 1/2 running",
      false,
    ],
    [
      "is being rolled back",
      { ...updating(now("rollback_started")), tasks: all },
      "rollback started: 2/2 running",
      false,
    ],
  ])("%s", (_what, change, text, done) => {
    expect(progressOf(view(change))).toEqual({ text, done });
  });

  test.each([
    ["paused", "service update paused: why"],
    ["rollback_paused", "service rollback paused: why"],
    ["rollback_completed", "service rollback completed: why"],
  ])("%s has failed", (state, failure) => {
    expect(progressOf(view({ ...updating(now(state)), tasks: all })).failure).toBe(failure);
  });

  test("an earlier failure is not its own", () => {
    const failed = { State: "rollback_completed", StartedAt: "1" };
    const change = { service: service(NEW, failed), before: service(OLD, failed), tasks: all };
    expect(progressOf(view(change))).toEqual({ text: "2/2 running", done: true });
  });
});
