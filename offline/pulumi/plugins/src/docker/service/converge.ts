import { EngineError } from "../engine/client";
import type { NodeInspect, ServiceInspect, Task } from "../engine/types";
import type { Live, Operation } from "../resource";
import { pause } from "../retry";
import { parseDuration } from "./duration";
import { progressOf } from "./progress";

/** Time between two looks at the service: at first, how it grows, and at most; milliseconds. */
const INTERVAL = { firstMs: 100, factor: 1.5, limitMs: 500 };
/** How long the swarm may take to begin a rollout before it counts as needless, in milliseconds. */
const BEGIN_MS = 5_000;

/** A service that did not get to run as asked for. `live` is what was left behind, if anything was. */
export class ConvergenceFailure extends Error {
  constructor(
    message: string,
    readonly live?: Live,
  ) {
    super(message);
    this.name = "ConvergenceFailure";
  }
}

/** How long to wait, in Go's notation. How often to look, the real plugin's `delay`, needs no saying here. */
export interface ConvergeConfig {
  readonly timeout?: string;
}

/** What is waited for. */
export interface Rollout {
  readonly serviceId: string;
  /** The service as it was before an update; undefined for a create. */
  readonly before: ServiceInspect | undefined;
}

/**
 * Waits until a service runs as its spec says, telling the progress.
 * @throws {ConvergenceFailure} when the swarm gave up or rolled back, or the time is up
 * @throws the signal's reason when the operation is aborted
 */
export async function converge(
  operation: Operation,
  { serviceId, before }: Rollout,
  config: ConvergeConfig,
): Promise<void> {
  const { context } = operation;
  const timeout = config.timeout ?? "3m";
  const started = Date.now();
  const deadline = started + (parseDuration(timeout) ?? 0) / 1e6;
  let interval = INTERVAL.firstMs;
  let told = "";
  for (;;) {
    const observed = await observe(operation, serviceId);
    const begins = Date.now() - started < BEGIN_MS;
    const progress = observed && progressOf({ ...observed, before, mayBegin: begins });
    if (progress?.failure !== undefined) throw new ConvergenceFailure(progress.failure);
    if (progress && progress.text !== told) context.status((told = progress.text));
    if (progress?.done) return;
    if (Date.now() >= deadline) {
      const why = progress?.lastError === undefined ? "" : `: ${progress.lastError}`;
      throw new ConvergenceFailure(
        `Service with ID (${serviceId}) did not converge after ${timeout}${why}`,
      );
    }
    await pause(interval, context.signal);
    interval = Math.min(interval * INTERVAL.factor, INTERVAL.limitMs);
  }
}

interface Observation {
  readonly service: ServiceInspect;
  readonly tasks: readonly Task[];
  readonly upNodes: ReadonlySet<string>;
}

/** Undefined when the swarm cannot tell just now: a leader may be in the middle of being elected. */
async function observe(
  { engine, context }: Operation,
  serviceId: string,
): Promise<Observation | undefined> {
  const get = <T>(path: string, query?: Record<string, unknown>) =>
    engine.json<T>({ method: "GET", path, query, signal: context.signal });
  try {
    const [service, tasks, nodes] = await Promise.all([
      get<ServiceInspect>(`/services/${serviceId}`),
      get<Task[]>("/tasks", { filters: { service: { [serviceId]: true } } }),
      get<NodeInspect[]>("/nodes"),
    ]);
    const up = nodes.filter((node) => node.Status.State !== "down").map((node) => node.ID);
    return { service, tasks, upNodes: new Set(up) };
  } catch (error) {
    if (error instanceof EngineError && error.statusCode >= 500) return undefined;
    throw error;
  }
}
