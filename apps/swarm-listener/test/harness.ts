import { EngineClient } from "../src/engine/client";
import { SwarmListener, type Following, type ListenerArgs } from "../src/listener";
import { createLog, type Log } from "../src/log";
import { Metrics, type Subject } from "../src/metrics";
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
  readonly metrics: Metrics;
  readonly logs: string[];
}

export type BenchOptions = Partial<DispatchOptions & ReconcilerOptions> & {
  readonly namePrefix?: string;
  /** Whether the proxy is told of nodes, too. */
  readonly nodes?: boolean;
  readonly nodeInfo?: ListenerArgs["nodeInfo"];
  /** Whether events are followed. */
  readonly events?: boolean;
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
  const metrics = new Metrics(false);
  const settings = { ...DEFAULTS, ...options };
  const { events = true } = options;
  const methods = ["GET"];
  const following = (subject: Subject, create: URL[], remove: URL[]): Following => ({
    dispatchers: endpointsOf({ urls: create, methods }, { urls: remove, methods }).map(
      (endpoint) => new Dispatcher({ subject, endpoint, options: settings, metrics, log }),
    ),
    reconciler: settings,
    events,
  });
  const listener = new SwarmListener({
    engine: new EngineClient(engine.host),
    services: {
      ...following("service", [proxy.url("reconfigure")], [proxy.url("remove")]),
      notifyLabel: "com.df.notify",
      namePrefix: options.namePrefix ?? "",
    },
    nodes: options.nodes
      ? following("node", [proxy.url("node-create")], [proxy.url("node-remove")])
      : following("node", [], []),
    nodeInfo: options.nodeInfo ?? { included: false, withAddress: true },
    metrics,
    log,
  });
  const bench = { engine, proxy, listener, metrics, logs };
  running.push(bench);
  listener.start();
  const streams = events ? (options.nodes ? 2 : 1) : 0;
  await until(() => engine.following === streams);
  // The comparisons that the new event streams asked for are over, so none is due by itself.
  await until(() => logs.filter((line) => line.includes("following")).length === streams);
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
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs = 4_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
