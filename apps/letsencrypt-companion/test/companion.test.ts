import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Complaint } from "../src/acme/failure";
import { Companion } from "../src/companion";
import { LETS_ENCRYPT, LETS_ENCRYPT_STAGING } from "../src/config";
import { domainSet, type DomainSet } from "../src/domains";
import { createLog } from "../src/log";
import { State } from "../src/state";
import { readStatus, type Status } from "../src/status";
import { Store } from "../src/store";
import { eventually, type Files, TestCa, writeLineage } from "./support";

const DAY = 86_400_000;
const MINUTE = 60_000;
const A = domainSet(["a.example", "www.a.example"]);
const ca = new TestCa();
const logs: Record<string, unknown>[] = [];
const log = createLog((line) => logs.push(JSON.parse(line) as Record<string, unknown>));
const running: World[] = [];

afterEach(async () => {
  for (const world of running.splice(0)) {
    await world.companion.stop();
    rmSync(world.directory, { recursive: true, force: true });
  }
  logs.length = 0;
});
afterAll(() => ca.remove());

interface World {
  readonly directory: string;
  readonly companion: Companion;
  readonly status: () => Status;
  /** The sets that were ordered. */
  readonly ordered: DomainSet[];
}

interface Options {
  readonly directory?: string;
  readonly sets?: readonly DomainSet[];
  readonly directoryUrl?: string;
  readonly now?: () => number;
  /** What an order comes to: files, or a complaint. */
  readonly outcome?: (
    set: DomainSet,
    signal: AbortSignal,
  ) => Promise<Files | Complaint> | Files | Complaint;
  readonly route?: () => string | undefined;
}

/** A companion with a CA that answers as told. */
async function start(options: Options = {}): Promise<World> {
  const {
    directory = mkdtempSync(join(tmpdir(), "companion-")),
    sets = [A],
    directoryUrl = LETS_ENCRYPT,
    now = Date.now,
    outcome = (set: DomainSet) => ca.issue(set.domains),
    route = () => undefined,
  } = options;
  const state = await State.load(join(directory, "companion", "state.json"), log);
  const store = await Store.load(
    join(directory, "companion", "certificates"),
    sets.map(({ name }) => name),
    log,
  );
  const ordered: DomainSet[] = [];
  const companion = new Companion({
    ...{ sets, directoryUrl, directory, state, store, log, now },
    cron: ["0 3 * * *", "0 15 * * *"],
    retryMs: 2 * MINUTE,
    obtain: async (set, signal) => {
      ordered.push(set);
      const result = await outcome(set, signal);
      if ("message" in result) return result;
      writeLineage(directory, set, result, directoryUrl);
      return undefined;
    },
    checkRoute: () => Promise.resolve(route()),
    onCertificate: () => Promise.resolve(),
  });
  const distributor = { proxies: [], error: undefined };
  const status = () => readStatus({ sets, directoryUrl, companion, store, distributor }, now());
  companion.start();
  const world = { directory, companion, status, ordered };
  running.push(world);
  return world;
}

/** The same volume, after a restart. */
async function restart(world: World, options: Options = {}): Promise<World> {
  await world.companion.stop();
  return start({ ...options, directory: world.directory });
}

const DOWN: Complaint = { message: "ConnectionError", domains: [] };
const first = (world: World) => {
  const [certificate] = world.status().certificates;
  if (certificate === undefined) throw new Error("there is no set");
  return certificate;
};
const valid = (world: World) =>
  eventually(() => expect(first(world)).toMatchObject({ state: "valid" }));
const failed = (world: World, failures: number) =>
  eventually(() => expect(first(world)).toMatchObject({ state: "failing", failures }));
const minutesToNext = (world: World, now: number): number =>
  Math.round((Date.parse(first(world).nextAttempt) - now) / MINUTE);

test("orders what is missing, and no more", async () => {
  const B = domainSet(["b.example"]);
  const world = await start({ sets: [A, B] });
  await eventually(() => {
    expect(world.status().certificates.map(({ state }) => state)).toEqual(["valid", "valid"]);
  });
  expect(world.ordered).toEqual([A, B]);
  expect(world.status()).toMatchObject({ healthy: true, problems: [] });
  expect(first(world)).toMatchObject({ next: "renewal", daysLeft: expect.any(Number) as number });
  const after = await restart(world, { sets: [A, B] });
  await valid(after);
  expect(after.ordered).toEqual([]);
});

test("renews at the first cron run after two thirds of the lifetime, whenever that was", async () => {
  const world = await start();
  await valid(world);
  const { notBefore = "", nextAttempt } = first(world);
  const due = Date.parse(notBefore) + 60 * DAY;
  expect(Date.parse(nextAttempt) - due).toBeLessThanOrEqual(DAY / 2);
  const early = await restart(world, { now: () => Date.parse(nextAttempt) - 1 });
  await eventually(() => expect(first(early).state).toBe("valid"));
  expect(early.ordered).toEqual([]);
  const late = await restart(early, { now: () => Date.parse(nextAttempt) });
  await eventually(() => expect(late.ordered).toHaveLength(1));
});

test("waits for the route before it orders, and says so", async () => {
  let complaint: string | undefined = "the proxy at 10.0.0.1 does not route it";
  const world = await start({ route: () => complaint });
  await eventually(() => {
    expect(first(world)).toMatchObject({ state: "waiting", waitingFor: complaint, failures: 0 });
  });
  expect(world.status().problems).toEqual([`a.example has no certificate: ${complaint}`]);
  expect(world.ordered).toEqual([]);
  complaint = undefined;
  await valid(world);
});

test("a failure is reported with the names that failed, and retried ever later, also after restarts", async () => {
  let now = Date.now();
  const outcome = (): Complaint => ({
    message: "the CA could not validate www.a.example",
    domains: [{ domain: "www.a.example", type: "dns", detail: "NXDOMAIN" }],
  });
  let world = await start({ outcome, now: () => now });
  const pauses: number[] = [];
  for (let failures = 1; failures <= 6; failures++) {
    await failed(world, failures);
    pauses.push(minutesToNext(world, now));
    // Before its time a restart orders nothing.
    world = await restart(world, { outcome, now: () => now });
    await eventually(() => expect(first(world).failures).toBe(failures));
    expect(world.ordered).toEqual([]);
    now = Date.parse(first(world).nextAttempt);
    world = await restart(world, { outcome, now: () => now });
  }
  // The fourth failure within the hour: the next comes when the first is an hour old.
  expect(pauses).toEqual([2, 4, 8, 46, 32, 64]);
  expect(first(world).lastError).toMatchObject({
    message: "the CA could not validate www.a.example",
    domains: [{ domain: "www.a.example", type: "dns", detail: "NXDOMAIN" }],
  });
  expect(logs.find(({ message }) => message === "no certificate")).toMatchObject({
    name: "a.example",
    failed: [{ domain: "www.a.example", type: "dns" }],
  });
});

test("one set that fails does not keep others from theirs", async () => {
  const B = domainSet(["b.example"]);
  const world = await start({
    sets: [A, B],
    outcome: (set) => (set === A ? DOWN : ca.issue(set.domains)),
  });
  await failed(world, 1);
  await eventually(() => expect(world.status().certificates[1]?.state).toBe("valid"));
});

test("a renewal that fails keeps the certificate, and is a problem once time is short", async () => {
  const world = await start();
  await valid(world);
  const before = first(world);
  let now = Date.parse(before.nextAttempt);
  let later = await restart(world, { now: () => now, outcome: () => DOWN });
  await failed(later, 1);
  expect(first(later).fingerprint).toBe(before.fingerprint);
  expect(later.status().problems).toEqual([]);
  now = Date.parse(before.notBefore ?? "") + 80 * DAY;
  later = await restart(later, { now: () => now, outcome: () => DOWN });
  await failed(later, 2);
  expect(later.status().problems).toEqual([
    expect.stringMatching(/^a.example expires at .*: ConnectionError/),
  ]);
  now = Date.parse(before.notAfter ?? "") + 1;
  later = await restart(later, { now: () => now, outcome: () => DOWN });
  await eventually(() => expect(first(later)).toMatchObject({ state: "expired", failures: 3 }));
  expect(later.status().problems).toEqual([expect.stringMatching(/^a.example expired at/)]);
});

test("other names, and another directory, mean another certificate at once", async () => {
  const world = await start({ directoryUrl: LETS_ENCRYPT_STAGING });
  await valid(world);
  const staging = first(world).fingerprint;
  const production = await restart(world, { directoryUrl: LETS_ENCRYPT });
  await eventually(() => expect(production.ordered).toHaveLength(1));
  await eventually(() => expect(first(production)).toMatchObject({ next: "renewal" }));
  expect(first(production).fingerprint).not.toBe(staging);
  const more = domainSet([...A.domains, "blog.a.example"]);
  const renamed = await restart(production, { sets: [more] });
  await eventually(() => expect(renamed.ordered).toEqual([more]));
  await eventually(() => expect(first(renamed)).toMatchObject({ next: "renewal" }));
  const stays = await restart(renamed, { sets: [more] });
  await valid(stays);
  expect(stays.ordered).toEqual([]);
});

test("failures with other names, or another directory, do not count", async () => {
  const now = Date.now();
  const world = await start({
    directoryUrl: LETS_ENCRYPT_STAGING,
    outcome: () => DOWN,
    now: () => now,
  });
  await failed(world, 1);
  const production = await restart(world, { now: () => now });
  await eventually(() => expect(production.ordered).toHaveLength(1));
});

test("an order that was cut off is made again at once, and counts as a failed validation", async () => {
  const world = await start({
    outcome: (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(DOWN))),
  });
  await eventually(() => expect(world.ordered).toHaveLength(1));
  const after = await restart(world);
  await valid(after);
  expect(logs.map(({ message }) => message)).toContain("an order was cut off");
  await eventually(async () => {
    const state = await State.load(join(after.directory, "companion", "state.json"), log);
    const usage = state.usage(LETS_ENCRYPT);
    expect(usage.failedValidations["a.example"]).toHaveLength(1);
    expect(usage.orders).toHaveLength(2);
    expect(usage.duplicates["a.example,www.a.example"]).toHaveLength(1);
  });
});

test("orders that are cut off again and again stay within the CA's limits", async () => {
  const now = Date.now();
  const outcome: Options["outcome"] = (_, signal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(DOWN)));
  let world = await start({ outcome, now: () => now });
  for (let i = 0; i < 4; i++) {
    await eventually(() => expect(world.ordered).toHaveLength(1));
    world = await restart(world, { outcome, now: () => now });
  }
  await eventually(() => expect(minutesToNext(world, now)).toBe(60));
  expect(world.ordered).toEqual([]);
});

test("a certificate that came while the companion died is taken over, not ordered again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "companion-"));
  writeLineage(directory, A, ca.issue(A.domains), LETS_ENCRYPT);
  const world = await start({ directory });
  await valid(world);
  expect(world.ordered).toEqual([]);
});

test("what certbot calls a success without a certificate is a failure", async () => {
  const world = await start({ outcome: () => ca.issue(["b.example"]) });
  await failed(world, 1);
  expect(first(world).lastError?.message).toContain("its certificate is not there");
});
