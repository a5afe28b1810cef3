import { isDeepStrictEqual } from "node:util";
import type { ServiceInspect, Task } from "../engine/types";

/** What is known of a rollout at one moment. */
export interface RolloutView {
  readonly service: ServiceInspect;
  readonly before: ServiceInspect | undefined;
  /** All tasks of the service, old ones included. */
  readonly tasks: readonly Task[];
  /** Nodes that are not down: a task elsewhere says what was, not what is. */
  readonly upNodes: ReadonlySet<string>;
  /** Whether the swarm may still be about to begin. */
  readonly mayBegin: boolean;
}

export interface Progress {
  readonly done: boolean;
  /** Why it will never be done. */
  readonly failure?: string;
  /** What to show, such as `2/3 running`. */
  readonly text: string;
  /** What the last task that failed said. */
  readonly lastError?: string;
}

/** States of the swarm's updater that end a rollout badly, and what the real plugin says then. */
const FAILURES: Readonly<Record<string, string>> = {
  paused: "service update paused",
  rollback_completed: "service rollback completed",
  rollback_paused: "service rollback paused",
};

/** Judges a rollout. */
export function progressOf(view: RolloutView): Progress {
  const { service, before } = view;
  const wanted = service.Spec.Mode?.Replicated?.Replicas ?? 0;
  const running = runningTasks(view);
  const status = currentStatus(view);
  const lastError = lastTaskError(view.tasks);

  const failed = status?.State === undefined ? undefined : FAILURES[status.State];
  const phase = status?.State === undefined ? "" : `${status.State.replace("_", " ")}: `;
  const progress = {
    text: `${phase}${running.length}/${wanted} running`,
    ...(lastError === undefined ? {} : { lastError }),
  };
  if (failed !== undefined) {
    return { ...progress, done: false, failure: `${failed}: ${status?.Message ?? ""}` };
  }
  if (running.length !== wanted) return { ...progress, done: false };
  // A rollout that has begun says itself when it is over.
  if (status) return { ...progress, done: status.State === "completed" };
  const upToDate = running.every((task) => isDeepStrictEqual(task.Spec, service.Spec.TaskTemplate));
  // Until it has begun, the old tasks look just like the new ones that are wanted.
  const sameTasks =
    before && isDeepStrictEqual(before.Spec.TaskTemplate, service.Spec.TaskTemplate);
  return { ...progress, done: !before || sameTasks || upToDate || !view.mayBegin };
}

/** The updater's status, unless it tells of an earlier update. */
function currentStatus({ service, before }: RolloutView): ServiceInspect["UpdateStatus"] {
  const status = service.UpdateStatus;
  if (!status?.State) return undefined;
  const old = before?.UpdateStatus;
  return old?.StartedAt === status.StartedAt && old?.State === status.State ? undefined : status;
}

/** Tasks that run and are meant to, one per slot, on nodes that are there. */
function runningTasks({ tasks, upNodes }: RolloutView): Task[] {
  const bySlot = new Map<number | string, Task>();
  for (const task of tasks) {
    const isOn = task.NodeID !== undefined && upNodes.has(task.NodeID);
    if (task.DesiredState !== "running" || task.Status.State !== "running" || !isOn) continue;
    bySlot.set(task.Slot ?? task.ID, task);
  }
  return [...bySlot.values()];
}

function lastTaskError(tasks: readonly Task[]): string | undefined {
  return tasks.map((task) => task.Status.Err).find((error) => error !== undefined && error !== "");
}
