import { setTimeout as delay } from "node:timers/promises";
import { reason, type Log } from "../log";
import type { EngineClient } from "./client";

/** Pauses between two attempts to connect: doubled from the first to the last. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

/** How to follow events. */
export interface WatchArgs {
  readonly engine: EngineClient;
  /** The kinds of objects whose events are wanted, for example `service`. */
  readonly types: readonly string[];
  /** Called for every event and every new connection: something may have happened. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Follows the engine's events, over lost connections, until aborted. Does not throw. */
export async function watchEvents(args: WatchArgs): Promise<void> {
  const { engine, types, onChange, signal, log } = args;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const start = Date.now();
    try {
      const onOpen = () => {
        log.info("following the engine's events");
        onChange(); // what happened while nobody was listening
      };
      await engine.events({ type: types }, { onOpen, onEvent: onChange }, signal);
      log.warn("the engine ended its events");
    } catch (error) {
      if (!signal.aborted) log.warn("cannot follow the engine's events", { reason: reason(error) });
    }
    // A connection that held for a while was a good one: begin with short pauses again.
    if (Date.now() - start > LAST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
  }
}
