/** A steady load of requests, each of which has to be answered well. */
import { setTimeout as pause } from "node:timers/promises";
import { Agent, request } from "undici";

export interface LoadOptions {
  readonly url: string;
  /** What an answer has to contain besides status 200. */
  readonly contains: string;
  /** Clients that keep their connection, and as many that open one for each request. */
  readonly clients?: number;
  /** Pause of each client between two requests. */
  readonly pauseMs?: number;
}

export interface LoadReport {
  readonly requests: number;
  /** What went wrong, with when it did, in milliseconds since the load began. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

export interface Load {
  /** Ends the load once the requests under way are answered. */
  stop(): Promise<LoadReport>;
}

const ANSWER_WITHIN_MS = 10_000;

/**
 * Starts the load: half of the clients on connections that they keep, as browsers do, half on a new
 * one for each request. Nothing is retried.
 */
export function steadyLoad({ url, contains, clients = 4, pauseMs = 50 }: LoadOptions): Load {
  const begun = performance.now();
  const failures: string[] = [];
  let requests = 0;
  let slowestMs = 0;
  let stopped = false;

  const ask = async (dispatcher: Agent): Promise<void> => {
    const at = performance.now();
    requests++;
    try {
      const answer = await request(url, {
        dispatcher,
        headersTimeout: ANSWER_WITHIN_MS,
        bodyTimeout: ANSWER_WITHIN_MS,
      });
      const body = await answer.body.text();
      if (answer.statusCode !== 200 || !body.includes(contains)) {
        throw new Error(`status ${answer.statusCode}: ${body.slice(0, 80)}`);
      }
    } catch (error) {
      failures.push(`at ${Math.round(at - begun)} ms: ${String(error)}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - at);
  };

  const client = async (keepsConnection: boolean): Promise<void> => {
    const dispatcher = new Agent({ connections: 1, pipelining: keepsConnection ? 1 : 0 });
    while (!stopped) {
      await ask(dispatcher);
      await pause(pauseMs);
    }
    await dispatcher.close();
  };

  const all = Array.from({ length: clients * 2 }, (_, i) => client(i % 2 === 0));
  return {
    async stop() {
      stopped = true;
      await Promise.all(all);
      return { requests, failures, slowestMs };
    },
  };
}
