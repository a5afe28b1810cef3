/**
 * An open-loop load: each request begins when it is due, whatever became of those before it, so that a pause
 * of the system is met by as many requests as it lasts. Each carries an id of its own.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Agent, type Dispatcher, request } from "undici";
import { term } from "./page";

export interface LoadOptions {
  readonly url: string;
  /** What an answer has to contain besides status 200. */
  readonly contains: string;
  /** Requests that begin in a second; every other one on a connection of its own. 80 when left out. */
  readonly perSecond?: number;
  /**
   * Sends a request whose connection broke before the answer was whole once more, half a second later on a new connection, as
   * clients may do with idempotent ones (RFC 9110, 9.2.2). Without it nothing is sent twice.
   */
  readonly resendBroken?: boolean;
  /** How long an answer may take, in milliseconds. 10,000 when left out. */
  readonly answerWithinMs?: number;
}

/** A request and what came of it. */
export interface Exchange {
  /** Sent as `X-Request-Id`; no other request has it. */
  readonly id: string;
  /** When it was due, in milliseconds since the epoch. */
  readonly at: number;
  /** From then until its answer was whole, or it failed. Milliseconds. */
  readonly tookMs: number;
  /** Whether its first connection broke, and it was sent once more. */
  readonly resent: boolean;
  /** Why it failed; left out where it was answered well. */
  readonly failure?: string;
  /** The `X-Request-Id` of the answer: the proxy's own name for the request. */
  readonly proxyId?: string;
  /** The task that the page names. */
  readonly task?: string;
}

export interface LoadReport {
  readonly exchanges: readonly Exchange[];
  /** What went wrong, with when it did, in milliseconds since the load began. */
  readonly failures: readonly string[];
  /** How many requests were sent once more. */
  readonly resent: number;
  /** Milliseconds within which this share of the requests was answered, such as 0.99; 1 is the slowest. */
  readonly withinMs: (share: number) => number;
}

export interface Load {
  /** Ends the load once the requests under way are answered; called again, it gives the same report. */
  stop(): Promise<LoadReport>;
}

/** Clients that keep a connection each, and open another when a request is due before the last one is answered. */
const KEEPING_CLIENTS = 8;

/** The processes of a machine that is killed die one by one, within a tenth of a second: until then another connection may break too. */
const RESEND_AFTER_MS = 500;

/** Codes of undici's and Node's errors that say that a connection broke. */
const BROKEN = new Set([
  ...["UND_ERR_SOCKET", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"],
  ...["ECONNRESET", "EPIPE"],
]);

/** Starts the load. */
export function openLoad(options: LoadOptions): Load {
  const { perSecond = 80 } = options;
  const begun = performance.now();
  const keeping = Array.from({ length: KEEPING_CLIENTS }, () => new Agent({ pipelining: 1 }));
  const once = new Agent({ pipelining: 0 });
  const exchanges: Promise<Exchange>[] = [];
  let stopped = false;

  const begin = (number: number): Promise<Exchange> => {
    const keeper = keeping[(number >> 1) % KEEPING_CLIENTS];
    const first = number % 2 === 0 && keeper ? keeper : once;
    const connections = options.resendBroken ? [first, once] : [first];
    return exchange(options, begun + (number * 1000) / perSecond, connections);
  };
  const schedule = async (): Promise<void> => {
    while (!stopped) {
      const due = Math.ceil(((performance.now() - begun) * perSecond) / 1000);
      while (exchanges.length < due) exchanges.push(begin(exchanges.length));
      await pause(4);
    }
  };
  const scheduling = schedule();
  const end = async (): Promise<LoadReport> => {
    stopped = true;
    await scheduling;
    const all = await Promise.all(exchanges);
    await Promise.all([...keeping, once].map((agent) => agent.close()));
    return reportOn(all);
  };
  let ending: Promise<LoadReport> | undefined;
  return { stop: () => (ending ??= end()) };
}

/** Makes one request, over the second connection if the first one breaks. Never rejects. */
async function exchange(
  options: LoadOptions,
  due: number,
  [dispatcher, another]: readonly Dispatcher[],
): Promise<Exchange> {
  const { url, contains, answerWithinMs = 10_000 } = options;
  const id = randomUUID();
  const outcome = (found: Partial<Exchange>): Exchange => ({
    ...{ id, at: performance.timeOrigin + due, tookMs: performance.now() - due, resent: false },
    ...found,
  });
  try {
    const answer = await request(url, {
      dispatcher,
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
      headers: { accept: "text/html", "x-request-id": id },
    });
    const body = await answer.body.text();
    const proxyId = String(answer.headers["x-request-id"]);
    if (answer.statusCode !== 200 || !body.includes(contains)) {
      return outcome({ proxyId, failure: `status ${answer.statusCode}: ${body.slice(0, 80)}` });
    }
    return outcome({ proxyId, task: term(body, "Task") });
  } catch (error) {
    if (another && BROKEN.has((error as NodeJS.ErrnoException).code ?? "")) {
      await pause(RESEND_AFTER_MS);
      return { ...(await exchange(options, due, [another])), resent: true };
    }
    return outcome({ failure: String(error) });
  }
}

function reportOn(exchanges: readonly Exchange[]): LoadReport {
  const begun = exchanges[0]?.at ?? 0;
  const times = exchanges.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return {
    exchanges,
    failures: exchanges.flatMap(({ id, at, failure }) =>
      failure === undefined ? [] : [`at ${Math.round(at - begun)} ms, ${id}: ${failure}`],
    ),
    resent: exchanges.filter(({ resent }) => resent).length,
    withinMs: (share) => times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? 0,
  };
}
