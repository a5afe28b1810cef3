import { isNotFound } from "../engine/client";
import type { NodeInspect, Task } from "../engine/types";
import type { Operation } from "../resource";
import { pause } from "../retry";
import { parseDuration } from "./duration";

/** How often the tasks are looked at, in milliseconds. */
const INTERVAL_MS = 300;
/** What the engine may need beyond the tasks' own grace, in milliseconds. */
const MARGIN_MS = 30_000;
/** States in which a task has no container any more. */
const ENDED = ["complete", "shutdown", "failed", "rejected", "remove", "orphaned"];

/**
 * Removes a service and waits until its tasks have ended: as long as one runs, its networks, volumes and
 * secrets cannot go. Tasks on nodes that are down are not waited for.
 * @param gracePeriod the service's `stopGracePeriod`
 */
export async function removeService(
  operation: Operation,
  id: string,
  gracePeriod: string | undefined,
): Promise<void> {
  const { engine, context } = operation;
  try {
    const path = `/services/${id}`;
    await engine.json({ method: "DELETE", path, signal: context.signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return;
  }
  const deadline = Date.now() + (parseDuration(gracePeriod ?? "") ?? 0) / 1e6 + MARGIN_MS;
  let told = -1;
  for (;;) {
    const left = await tasksLeft(operation, id);
    if (left === 0) return;
    if (left !== told) context.status(`waiting for ${(told = left)} tasks to end`);
    if (Date.now() >= deadline) {
      context.log(`the service is gone, but ${left} of its tasks have not ended yet`, "warning");
      return;
    }
    await pause(INTERVAL_MS, context.signal);
  }
}

async function tasksLeft({ engine, context }: Operation, id: string): Promise<number> {
  const get = <T>(path: string) => engine.json<T>({ method: "GET", path, signal: context.signal });
  // The engine does not know the service any more and so cannot filter by it.
  const [tasks, nodes] = await Promise.all([get<Task[]>("/tasks"), get<NodeInspect[]>("/nodes")]);
  const down = new Set(nodes.filter((node) => node.Status.State === "down").map((node) => node.ID));
  return tasks.filter(
    (task) =>
      task.ServiceID === id &&
      !ENDED.includes(task.Status.State) &&
      Boolean(task.Status.ContainerStatus?.ContainerID) &&
      !down.has(task.NodeID ?? ""),
  ).length;
}
