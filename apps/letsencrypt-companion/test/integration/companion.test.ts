import { Handshakes, served } from "../../../../test/acme/handshakes";
import type { Pebble } from "../../../../test/acme/pebble";
import type { CertificateStatus } from "../../src/status";
import { Bench, type Companion, docker, eventually, httpsOf } from "./bench";

/** A certificate's life: half of it has to hold an order with all of Pebble's pauses. */
const VALIDITY_S = 120;
/** Pebble sleeps up to 15 s before it validates, and rejects nonces. */
const ORDER_MS = 60_000;

const bench = new Bench();
let ca: Pebble;

beforeAll(async () => {
  await bench.start();
  ca = await bench.ca("ca", { validitySeconds: VALIDITY_S });
  await ca.resolveTo([bench.proxies[0]?.address ?? ""]);
}, 120_000);

afterAll(() => bench.remove(), 120_000);

/** Every proxy serves the certificate of a name that the companion has. */
async function servedByAll(companion: Companion, name: string, root: string): Promise<void> {
  for (const proxy of bench.proxies) {
    await eventually(10_000, async () => {
      const { fingerprint } = await companion.certificate(name);
      return (await served(httpsOf(proxy), name, root)) === fingerprint ? true : undefined;
    });
  }
}

describe("one companion's life", () => {
  let companion: Companion;
  let root: string;
  const volume = bench.volume();

  beforeAll(async () => {
    root = await ca.root();
    await ca.resolveTo(["127.0.0.1"], "broken.example");
    companion = await bench.companion(volume, ca, {
      DOMAIN_1: "('a.example' 'www.a.example')",
      DOMAIN_2: "('b.example' 'broken.example')",
      DOMAIN_COUNT: "2",
      // Each second: it begins with half of the time left, for an order that has to be made again.
      CERTBOT_CRON_RENEW: "('* * * * * *')",
    });
  });
  afterAll(() => companion.stop());

  test("waits for the route, without an order", async () => {
    const { waitingFor } = await companion.until(
      "a.example",
      20_000,
      (c) => c.waitingFor !== undefined,
    );
    expect(waitingFor).toMatch(/does not route .*acme-challenge/);
    expect(await ca.logs()).not.toMatch(/new-order|newOrder|order-plz/);
    await bench.route();
  });

  test("gets the certificate, which every proxy serves by SNI", async () => {
    await companion.until("a.example", ORDER_MS, ({ state }) => state === "valid");
    await servedByAll(companion, "a.example", root);
    await servedByAll(companion, "a.example", root);
    for (const proxy of bench.proxies) await served(httpsOf(proxy), "www.a.example", root);
  });

  test("says which name of a set cannot be validated, goes on trying, and gets it once that is right", async () => {
    const failing = await companion.until("b.example", ORDER_MS, ({ failures }) => failures > 0);
    expect(failing).toMatchObject({ state: "failing", lastError: expect.anything() as unknown });
    expect(failing.lastError?.domains.map(({ domain }) => domain)).toEqual(["broken.example"]);
    const { problems } = await companion.status();
    expect(problems.join()).toMatch(/b\.example has no certificate: .*broken\.example/);
    await companion.until("b.example", ORDER_MS, ({ failures }) => failures > 1);
    await ca.resolveTo([bench.proxies[1]?.address ?? ""], "broken.example");
    await companion.until("b.example", 2 * ORDER_MS, ({ state }) => state === "valid");
  });

  test("renews what is short-lived, under load, without a failed handshake", async () => {
    const before = await companion.until(
      "a.example",
      2 * ORDER_MS,
      ({ state }) => state === "valid",
    );
    await servedByAll(companion, "a.example", root);
    const load = new Handshakes(bench.proxies.map(httpsOf), "a.example", root);
    const after = await companion.until(
      "a.example",
      VALIDITY_S * 1000,
      ({ fingerprint }) => fingerprint !== before.fingerprint,
    );
    await servedByAll(companion, "a.example", root);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.count).toBeGreaterThan(100);
    expect([...load.fingerprints]).toEqual([before.fingerprint, after.fingerprint]);
    // It came before half of what was left had passed, and long before the end.
    expect(Date.parse(after.notBefore ?? "")).toBeLessThan(Date.parse(before.notAfter ?? ""));
  });

  test("a proxy that starts without anything has all certificates back", async () => {
    for (const proxy of bench.proxies) await bench.restart(proxy);
    for (const name of ["a.example", "b.example"]) await servedByAll(companion, name, root);
    await bench.route();
  });

  test("serves what it has while the CA is down, and goes on when it is back", async () => {
    await ca.resolveTo([bench.proxies[0]?.address ?? ""]);
    await ca.resolveTo([bench.proxies[0]?.address ?? ""], "broken.example");
    await ca.setReachable(false);
    let failing: CertificateStatus;
    try {
      failing = await companion.until("a.example", VALIDITY_S * 1000, (c) => c.failures > 0);
      expect(failing.lastError?.message).toMatch(/ConnectionError|NameResolution|Max retries/);
      expect(
        await docker(
          "inspect",
          "--format",
          "{{.State.Status}} {{.State.Health.Status}}",
          companion.name,
        ),
      ).toBe("running healthy");
      for (const proxy of bench.proxies) await served(httpsOf(proxy), "a.example", root);
    } finally {
      // The tests after this one need it, whatever became of this one.
      await ca.setReachable(true);
    }
    const back = await companion.until("a.example", 2 * ORDER_MS, ({ state }) => state === "valid");
    expect(back.fingerprint).not.toBe(failing.fingerprint);
  });

  test("runs one certbot at a time, as an unprivileged user, and logs no key", async () => {
    expect(await companion.exec("id", "-u")).toBe("1000");
    const key = await companion.exec("cat", "/etc/letsencrypt/live/a.example/privkey.pem");
    const lines = (await companion.logs()).join("\n");
    expect(lines).not.toContain(key.split("\n")[1]);
    expect(lines).not.toContain("Another instance of Certbot");
    expect(await companion.exec("ls", "/etc/letsencrypt/renewal")).toBe(
      "a.example.conf\nb.example.conf",
    );
  });
});

test("killed in the middle of an order, again and again, the next start finishes it", async () => {
  const companion = await bench.companion(bench.volume(), ca, { DOMAIN_1: "k.example" });
  await bench.route();
  const orders = async (): Promise<number> =>
    (await companion.logs()).filter((line) => line.includes("ordering a certificate")).length;
  const issued = async (): Promise<boolean> =>
    (await companion.logs()).some((line) => line.includes("taken over from certbot"));
  let seen = 0;
  for (const afterMs of [200, 700, 1500, 3000, 6000, 1000]) {
    const before = seen;
    // A start may find what an order had got before the companion was killed, and has nothing to order then.
    await eventually(30_000, async () =>
      (await orders()) > before || (await issued()) ? true : undefined,
    );
    if (await issued()) break;
    seen = await orders();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await companion.kill();
    // An order that ended before it was killed leaves nothing to order.
    if (await issued()) break;
    await companion.start();
  }
  await companion.start();
  await companion.until("k.example", 2 * ORDER_MS, ({ state }) => state === "valid");
  expect((await companion.logs()).join("\n")).toContain("an order was cut off");
  expect(await companion.exec("ls", "/etc/letsencrypt/renewal")).toBe("k.example.conf");
  await servedByAll(companion, "k.example", await ca.root());
  await companion.stop();
});

test("from staging to production it gets another certificate, and serves the first until then", async () => {
  const volume = bench.volume();
  const domains = { DOMAIN_1: "s.example" };
  const staging = await bench.companion(volume, ca, domains);
  await bench.route();
  const first = await staging.until("s.example", ORDER_MS, ({ state }) => state === "valid");
  await servedByAll(staging, "s.example", await ca.root());
  await staging.stop();

  const authority = await bench.ca("production", { validitySeconds: 86_400 * 90 });
  await authority.resolveTo([bench.proxies[0]?.address ?? ""]);
  const production = await bench.companion(volume, authority, domains);
  await bench.route();
  const before = await production.until("s.example", 20_000, () => true);
  expect(before).toMatchObject({ fingerprint: first.fingerprint, next: "other directory" });
  const second = await production.until("s.example", ORDER_MS, (c) => c.next === "renewal");
  expect(second.fingerprint).not.toBe(first.fingerprint);
  await servedByAll(production, "s.example", await authority.root());

  // Once it has it, a restart orders nothing.
  await production.stop();
  await production.start();
  const again = await production.until("s.example", 20_000, (c) => c.state === "valid");
  expect(again.fingerprint).toBe(second.fingerprint);
  await production.stop();
});

test("an order fails for a CA's rejected nonces only after three attempts, with the CA's reason", async () => {
  const authority = await bench.ca("forgetful", {
    validitySeconds: 86_400,
    rejectedNoncesPercent: 100,
  });
  const companion = await bench.companion(bench.volume(), authority, { DOMAIN_1: "n.example" });
  await bench.route();
  const failing = await companion.until("n.example", ORDER_MS, ({ failures }) => failures > 0);
  expect(failing.lastError).toMatchObject({
    message: expect.stringContaining("anti-replay nonce") as string,
    domains: [],
  });
  // By then the next may have begun, but not ended.
  const again = (await companion.logs()).filter((line) => line.includes("the order is made again"));
  expect(again.length).toBeGreaterThanOrEqual(2);
  await companion.stop();
});
