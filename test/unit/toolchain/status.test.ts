import {
  type CompanionStatus,
  describe as describeProxies,
  describeLogs,
  describeOrders,
  type ProxyStatus,
} from "../../../scripts/status";

const app1 = {
  serviceName: "app1",
  ServiceDest: [
    { Port: "8080", ReqMode: "http", ServiceDomain: ["a.example"], ServicePath: ["/app1", "/"] },
    { Port: "27017", ReqMode: "tcp", SrcPort: 27017 },
  ],
};
const status: ProxyStatus = {
  routes: [app1],
  refused: [{ serviceName: "late", reason: "a.example/app1 belongs to app1" }],
  certificates: [
    {
      name: "a.example",
      domains: ["a.example", "www.a.example"],
      notAfter: "2026-12-31T00:00:00.000Z",
      daysLeft: 39.6,
      issuer: "CN=CA",
      fingerprint: "AB",
      source: "request",
    },
  ],
};

test("what all proxies agree on is shown once", () => {
  const lines = describeProxies([
    { manager: "manager-1", status },
    { manager: "manager-2", status: JSON.parse(JSON.stringify(status)) as ProxyStatus },
  ]).split("\n");
  expect(lines).toEqual([
    "ROUTES",
    "SERVICE   DOMAINS     PATHS            PORT",
    "app1      a.example   /app1 /          8080",
    "app1      any         tcp port 27017   27017",
    "",
    "REFUSED",
    "SERVICE   REASON",
    "late      a.example/app1 belongs to app1",
    "",
    "CERTIFICATES",
    "NAME        DOMAINS                   DAYS LEFT   UNTIL                      ISSUER",
    "a.example   a.example www.a.example   39          2026-12-31T00:00:00.000Z   CN=CA",
    "",
  ]);
});

test("where they differ, each is shown, and only there", () => {
  const other = { ...status, routes: [] };
  const text = describeProxies([
    { manager: "manager-1", status },
    { manager: "manager-2", status: other },
  ]);
  expect(text).toContain("ROUTES of the proxy on manager-1; the proxies differ\nSERVICE");
  expect(text).toContain("ROUTES of the proxy on manager-2; the proxies differ\nnone");
  expect(text.match(/CERTIFICATES/g)).toHaveLength(1);
});

test("what each proxy signed itself is no certificate to speak of", () => {
  const own = (fingerprint: string): ProxyStatus => ({
    ...status,
    certificates: status.certificates.map((one) => ({
      ...one,
      fingerprint,
      source: "self-signed",
    })),
  });
  const text = describeProxies([
    { manager: "manager-1", status: own("AB") },
    { manager: "manager-2", status: own("CD") },
  ]);
  expect(text).toContain("CERTIFICATES\nnone\n");
});

test("a certificate that is not served says why", () => {
  const unread = { domains: [], notAfter: null, daysLeft: null, issuer: null, fingerprint: null };
  const bad = { ...unread, name: "cert-bad", source: "secret", error: "the key is missing" };
  const text = describeProxies([
    { manager: "manager-1", status: { ...status, certificates: [bad] } },
  ]);
  expect(text).toMatch(/^cert-bad +- +- +not served: the key is missing$/m);
});

test("the same routes in another order are the same", () => {
  const app2 = { ...app1, serviceName: "app2" };
  const text = describeProxies([
    { manager: "manager-1", status: { ...status, routes: [app1, app2] } },
    { manager: "manager-2", status: { ...status, routes: [app2, app1] } },
  ]);
  expect(text).not.toContain("differ");
});

test("a proxy that does not answer is named, and so is it that none runs", () => {
  expect(describeProxies([{ manager: "manager-3", status: null }])).toBe(
    "The proxy does not answer on manager-3\n",
  );
  expect(describeProxies([])).toBe("No proxy runs\n");
});

test("a route that denies everyone says so", () => {
  const closed = { ...app1, closed: "no secret dfp_users_staff" };
  const text = describeProxies([{ manager: "manager-1", status: { ...status, routes: [closed] } }]);
  expect(text).toMatch(/^app1 \(denies everyone\) +a\.example /m);
});

const companion: CompanionStatus = {
  problems: [
    "b.example has no certificate: the CA could not validate b.example",
    "the proxy at 10.0.0.7 is without its certificates: it answered 500",
  ],
  certificates: [
    { name: "a.example", state: "valid", failures: 0, nextAttempt: "2026-12-01T03:00:00.000Z" },
    {
      name: "b.example",
      state: "failing",
      failures: 2,
      nextAttempt: "2026-11-21T18:00:00.000Z",
      lastError: {
        message: "the CA could not validate b.example",
        domains: [{ domain: "b.example", detail: "NXDOMAIN" }],
      },
    },
    {
      name: "c.example",
      state: "waiting",
      failures: 0,
      nextAttempt: "2026-11-21T17:00:00.000Z",
      waitingFor: "no route yet",
    },
  ],
};

test("names that failed or wait are shown with the reason and the next attempt, and what else is wrong below", () => {
  expect(describeOrders([{ manager: "manager-1", companion }]).split("\n")).toEqual([
    "",
    "ORDERS",
    "NAME        STATE     FAILURES   NEXT ATTEMPT               WHY",
    "b.example   failing   2          2026-11-21T18:00:00.000Z   the CA could not validate b.example; b.example: NXDOMAIN",
    "c.example   waiting   0          2026-11-21T17:00:00.000Z   no route yet",
    "the proxy at 10.0.0.7 is without its certificates: it answered 500",
    "",
  ]);
});

test("where all is well, nobody answers or no companion runs, that is what is said", () => {
  const well = { problems: [], certificates: companion.certificates.slice(0, 1) };
  expect(describeOrders([{ manager: "manager-1", companion: well }])).toBe("\nORDERS\nnone\n");
  expect(describeOrders([{ manager: "manager-1", companion: null }])).toContain(
    "does not answer on manager-1",
  );
  expect(describeOrders([])).toBe("");
});

test("of logging, the keeper has a sentence and each task its lines", () => {
  const keeper = { logKeeper: { state: "waiting", reason: "Elasticsearch does not answer" } };
  const logs = { waiting: 12, dropped: 3, resent: 400 };
  expect(
    describeLogs(
      [keeper],
      [
        { task: "app1.2.b", ready: null },
        { task: "app1.1.a", ready: { logs } },
      ],
    ).split("\n"),
  ).toEqual([
    "",
    "LOGS",
    "waiting: Elasticsearch does not answer",
    "TASK       LINES WAITING   DROPPED   SENT AGAIN",
    "app1.1.a   12              3         400",
    "app1.2.b   -               -         -",
    "",
  ]);
  expect(describeLogs([{ logKeeper: null }], [])).toContain("its keeper does not answer");
  expect(describeLogs([], [])).toBe("");
});
