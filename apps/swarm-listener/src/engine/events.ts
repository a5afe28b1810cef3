import { setTimeout as delay } from "node:timers/promises";
import { reason, type Log } from "../log";
import type { Metrics, Subject } from "../metrics";
import type { EngineClient } from "./client";

/** Pauses between two attempts to connect: doubled from the first to the last. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

/** How to follow events. */
export interface WatchArgs {
  readonly engine: EngineClient;
  /** The kind of objects whose events are wanted. */
  readonly subject: Subject;
  /** Called for every event and every new connection: something may have happened. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Follows the engine's events, over lost connections, until aborted. Does not throw. */
export async function watchEvents(args: WatchArgs): Promise<void> {
  const { engine, subject, onChange, signal, metrics, log } = args;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const start = Date.now();
    try {
      const onOpen = () => {
        log.info("following the engine's events", { subject });
        onChange(); // what happened while nobody was listening
      };
      await engine.events({ type: [subject] }, { onOpen, onEvent: onChange }, signal);
      log.warn("the engine ended its events", { subject });
    } catch (error) {
      if (signal.aborted) return;
      log.warn("cannot follow the engine's events", { subject, reason: reason(error) });
      metrics.failed(subject === "service" ? "ListenForServiceEvents" : "ListenForNodeEvents");
    }
    // A connection that held for a while was a good one: begin with short pauses again.
    if (Date.now() - start > LAST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
  }
}
