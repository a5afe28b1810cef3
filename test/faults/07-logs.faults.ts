import { setTimeout as pause } from "node:timers/promises";
import { docker } from "../e2e/support/engine";
import { eventually } from "../e2e/support/eventually";
import type { Exchange } from "../e2e/support/load";
import { note } from "../e2e/support/note";
import {
  app1Settled,
  containersOf,
  inside,
  loggers,
  machine,
  machines,
  settled,
  swarm,
} from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";
import { loggingRuns, without } from "./support/logging";
import { account, sent, undelivered } from "./support/logLedger";

/** With FAULTS_LONG=1, servers are away for five minutes and killed ten times; without, as `make test` has time for. */
const LONG = process.env["FAULTS_LONG"] === "1";
const AWAY_MS = LONG ? 300_000 : 20_000;
const CUT_MS = LONG ? 60_000 : 20_000;
const KILLS = LONG ? 10 : 1;
const TIMEOUT_MS = (LONG ? 60 : 15) * 60_000;

/** How long after the load a line may be under way: the longest pause of whoever has to connect again, and the backlog. */
const FOUND_WITHIN_MS = 120_000;

beforeAll(async () => {
  await settled();
  await loggingRuns();
});
afterAll(loggingRuns);

async function away(service: string, ms: number): Promise<void> {
  // The fault is the time in between.
  await without(service, () => pause(ms));
  await loggingRuns();
}

async function kill(service: string, on: readonly string[]): Promise<void> {
  const victims = await containersOf(service, on);
  expect(victims).not.toEqual([]);
  await Promise.all(
    victims.map(({ machine: name, id }) => inside(name, "kill", "--signal", "KILL", id)),
  );
  await eventually(`${service} again`, { withinMs: 120_000 }, async () => {
    const now = await containersOf(service, on);
    const fresh = now.filter(({ id }) => !victims.some((victim) => victim.id === id));
    return fresh.length === victims.length ? true : undefined;
  });
  await loggingRuns();
}

async function killAgainAndAgain(service: string): Promise<void> {
  for (let i = 0; i < KILLS; i++) await kill(service, loggers);
}

/** Lets nothing through to Logstash, and says so to nobody. */
async function cut(ms: number): Promise<void> {
  const [container] = await containersOf("logstash", loggers);
  const format = "{{.State.Pid}}";
  const pid = await inside("logger-1", "inspect", "--format", format, container?.id ?? "");
  const rule = (action: string) =>
    docker(
      ...["exec", machine("logger-1"), "nsenter", "--target", pid, "--net"],
      ...["iptables", action, "INPUT", "--protocol", "tcp", "--dport", "9000", "--jump", "DROP"],
    );
  await rule("--insert");
  try {
    // This is the fault.
    await pause(ms);
  } finally {
    await rule("--delete");
  }
}

async function restartApp(): Promise<void> {
  await swarm.docker("service", "update", "--force", "--quiet", "app1");
  await app1Settled(3);
}

const BASELINE_MS = 15_000;

/** What is done while lines are written, one after another; the first is nothing, for comparison. */
const STEPS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["nothing", () => pause(BASELINE_MS)],
  ["Logstash away", () => away("logstash", AWAY_MS)],
  ["Elasticsearch away", () => away("elasticsearch", AWAY_MS)],
  ["Logstash killed", () => killAgainAndAgain("logstash")],
  ["Elasticsearch killed", () => killAgainAndAgain("elasticsearch")],
  ["Logstash cut off", () => cut(CUT_MS)],
  ["shippers killed", () => kill("log-shipper", machines)],
  ["app1 restarted", restartApp],
];

test(
  "10,000 lines of three tasks are found once each, whatever part of logging is away, killed or cut off",
  async () => {
    const since = new Date();
    const spans: { readonly name: string; readonly from: number; readonly to: number }[] = [];
    let waited = 0;
    const outcome = await underLoad({
      name: "logging away, killed, cut off",
      times: STEPS.length,
      async inject(round) {
        const [name, step] = STEPS[round - 1] ?? ["nothing", () => pause(0)];
        const from = Date.now();
        await step();
        waited = Math.max(waited, (await sent()).waiting);
        spans.push({ name, from, to: Date.now() });
      },
    });
    const found = await account(outcome.report.exchanges, since, FOUND_WITHIN_MS);
    const { dropped, resent } = await sent();
    for (const { name, from, to } of spans) {
      const within = outcome.report.exchanges.filter(({ at }) => at >= from && at < to);
      note(
        `${name}: ${within.length} requests, p50 ${share(within, 0.5)} ms, p99 ${share(within, 0.99)} ms`,
      );
    }
    note(
      `${found.accepted} lines accepted by ${found.tasks.length} tasks, ${found.missing.length} not found, ${found.twice.length} ` +
        `found twice; ${dropped} dropped, ${await undelivered()} not known to be delivered at a stop, ${resent} written again, ` +
        `${waited} waited at most after a fault; the last was found ${Math.round(found.foundAfterMs)} ms after the load`,
    );
    expect(found.accepted).toBeGreaterThan(10_000);
    // Three before the restart, and three after it.
    expect(found.tasks.length).toBeGreaterThanOrEqual(6);
    expect(found.missing.slice(0, 10)).toEqual([]);
    expect(found.twice.slice(0, 10)).toEqual([]);
    expect(dropped).toBe(0);
    await expectAllServed(outcome);
  },
  TIMEOUT_MS,
);

const share = (exchanges: readonly Exchange[], part: number): number => {
  const times = exchanges.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return Math.round(times[Math.ceil(times.length * part) - 1] ?? 0);
};
