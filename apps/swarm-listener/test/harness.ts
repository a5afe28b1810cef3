import { EngineClient } from "../src/engine/client";
import { SwarmListener } from "../src/listener";
import { createLog, type Log } from "../src/log";
import { Dispatcher, type DispatchOptions } from "../src/notify/dispatcher";
import { endpointsOf } from "../src/notify/endpoints";
import type { ReconcilerOptions } from "../src/reconciler";
import { FakeEngine } from "./fake-engine";
import { FakeProxy } from "./fake-proxy";

/** A listener between a fake engine and a fake proxy, with short times. */
export interface Bench {
  readonly engine: FakeEngine;
  readonly proxy: FakeProxy;
  readonly listener: SwarmListener;
  readonly logs: string[];
}

export type BenchOptions = Partial<DispatchOptions & ReconcilerOptions> & {
  readonly namePrefix?: string;
};

const running: Bench[] = [];

afterEach(async () => {
  for (const { listener, engine, proxy } of running.splice(0)) {
    await listener.stop();
    await engine.remove();
    await proxy.stop();
  }
});

/** A minute between two comparisons, unless told otherwise: what happens sooner is due to events. */
const DEFAULTS = {
  retries: 3,
  retryIntervalMs: 20,
  timeoutMs: 5_000,
  intervalMs: 60_000,
  minGapMs: 10,
  firstRetryMs: 20,
};

export async function startBench(
  options: BenchOptions = {},
  prepare: (engine: FakeEngine, proxy: FakeProxy) => void = () => undefined,
): Promise<Bench> {
  const engine = new FakeEngine();
  const proxy = new FakeProxy();
  await engine.start();
  await proxy.start();
  prepare(engine, proxy);

  const logs: string[] = [];
  const log: Log = createLog((line) => logs.push(line));
  const settings = { ...DEFAULTS, ...options };
  const methods = ["GET"];
  const endpoints = endpointsOf(
    { urls: [proxy.url("reconfigure")], methods },
    { urls: [proxy.url("remove")], methods },
  );
  const listener = new SwarmListener({
    engine: new EngineClient(engine.host),
    dispatchers: endpoints.map((endpoint) => new Dispatcher(endpoint, settings, log)),
    services: { notifyLabel: "com.df.notify", namePrefix: options.namePrefix ?? "" },
    reconciler: settings,
    log,
  });
  const bench = { engine, proxy, listener, logs };
  running.push(bench);
  listener.start();
  await until(() => engine.following === 1);
  // The comparison that the new event stream asked for is over, so none is due by itself.
  await until(() => logs.some((line) => line.includes("following")));
  await quiet(engine);
  return bench;
}

/** Waits until the engine has not been asked for a while that several comparisons would fit in. */
export async function quiet(engine: FakeEngine, ms = 25): Promise<void> {
  for (let count = -1; count !== engine.requests.length;) {
    count = engine.requests.length;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** Waits until the condition holds; throws when it takes longer than a test may. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 4_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
