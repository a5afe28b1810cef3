import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { type App, startApp } from "../src/app";
import { controlSocket } from "../src/control/socket";
import type { Parameters } from "../src/routes/service";
import type { Settings } from "../src/settings";
import {
  APP1,
  cleanUp,
  eventually,
  FakeDataPlane,
  memoryLog,
  serve,
  testSettings,
} from "./support";

const apps: App[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await cleanUp();
});

interface Running {
  readonly dataPlane: FakeDataPlane;
  readonly lines: string[];
  readonly settings: Settings;
  readonly app: App;
  /** The configuration that the data plane runs. */
  readonly config: () => string;
  readonly call: (action: string, parameters?: Parameters, init?: RequestInit) => Promise<Called>;
}

interface Called {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

async function run(settings = testSettings(), dataPlane = new FakeDataPlane()): Promise<Running> {
  const { log, lines } = memoryLog();
  const app = await startApp(settings, dataPlane, log);
  apps.push(app);
  const { port } = app.servers[0]?.address() as AddressInfo;
  return {
    dataPlane,
    lines,
    settings,
    app,
    config: () => dataPlane.loaded.at(-1) ?? "",
    call: async (action, parameters = {}, init = {}) => {
      const query = new URLSearchParams(parameters).toString();
      const url = `http://127.0.0.1:${port}/v1/docker-flow-proxy/${action}?${query}`;
      const response = await fetch(url, init);
      const text = await response.text();
      const type = response.headers.get("content-type");
      const body = type === "application/json" ? (JSON.parse(text) as Called["body"]) : {};
      return { status: response.status, type, text, body };
    },
  };
}

/** A listener whose answer can be changed. */
async function listener(services: unknown): Promise<{
  answer: { status: number; services: unknown };
  asked: string[];
  address: string;
}> {
  const answer = { status: 200, services };
  const asked: string[] = [];
  const port = await serve((req, res) => {
    asked.push(req.url ?? "");
    res.writeHead(answer.status).end(JSON.stringify(answer.services));
  });
  return { answer, asked, address: `127.0.0.1:${port}` };
}

describe("the control API", () => {
  it("answers ping", async () => {
    const { call } = await run();
    const { status, type, body } = await call("ping");
    expect({ status, type, Status: body["Status"] }).toEqual({
      status: 200,
      type: "application/json",
      Status: "OK",
    });
  });

  it("routes a service with the article's labels", async () => {
    const { call, config } = await run();
    const { status, body } = await call("reconfigure", APP1);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      Status: "OK",
      ServiceName: "app1",
      AclName: "app1",
      Replicas: 3,
      IsGlobal: false,
      ServiceDest: [
        { Port: "8080", ServicePath: ["/app1"], ServiceDomain: [], PathType: "path_beg", Index: 0 },
      ],
    });
    expect(config()).toContain("use_backend app1-be8080_0 if { path_beg -- '/app1' }");
    expect(config()).toContain("tasks.app1:8080");
  });

  it("takes a trailing slash and any method", async () => {
    const { call } = await run();
    expect((await call("reconfigure/", APP1, { method: "POST" })).status).toBe(200);
  });

  it.each<[string, Parameters, number]>([
    ["no name", { servicePath: "/a", port: "80" }, 400],
    ["no path and no domain", { serviceName: "a", port: "80" }, 409],
    ["no port", { serviceName: "a", servicePath: "/a" }, 400],
    ["tcp without srcPort", { serviceName: "a", port: "80", reqMode: "tcp" }, 400],
    ["a newline", { ...APP1, servicePath: "/a\n    bind :81" }, 400],
  ])("refuses %s and changes nothing", async (_case, parameters, status) => {
    const { call, dataPlane } = await run();
    const answer = await call("reconfigure", parameters);
    expect(answer.status).toBe(status);
    expect(answer.body["Status"]).toBe("NOK");
    expect(answer.body["Message"]).not.toBe("");
    expect(dataPlane.calls).toEqual(["start"]);
  });

  it("says which parameters have no effect", async () => {
    const { call } = await run();
    const { status, body } = await call("reconfigure", { ...APP1, colour: "blue" });
    expect(status).toBe(200);
    expect(body["Message"]).toContain("colour");
  });

  it("answers 500 with HAProxy's words when it refuses, and keeps what was", async () => {
    const { call, dataPlane, config } = await run();
    await call("reconfigure", APP1);
    const before = config();
    dataPlane.refusing = "/other";
    const { status, body } = await call("reconfigure", { ...APP1, servicePath: "/other" });
    expect(status).toBe(500);
    expect(body["Status"]).toBe("NOK");
    expect(body["Message"]).toContain("unknown keyword '/other'");
    expect(config()).toBe(before);
    expect((await call("config")).text).toBe(before);
  });

  it("removes by request, by replicas=0, and also what is not there", async () => {
    const { call, config } = await run();
    for (const removal of [
      () => call("remove", { serviceName: "app1", aclName: "app1" }),
      () => call("reconfigure", { ...APP1, replicas: "0" }),
    ]) {
      await call("reconfigure", APP1);
      expect(config()).toContain("tasks.app1");
      expect(await removal()).toMatchObject({ status: 200, body: { Status: "OK" } });
      expect(config()).not.toContain("tasks.app1");
    }
    expect(await call("remove", { serviceName: "app1" })).toMatchObject({
      status: 200,
      body: { Status: "OK", ServiceName: "app1" },
    });
    expect(await call("remove")).toMatchObject({ status: 400, body: { Status: "NOK" } });
  });

  it("shows its configuration as text and as JSON", async () => {
    const { call, config } = await run();
    await call("reconfigure", APP1);
    expect((await call("config")).text).toBe(config());
    const { type, body } = await call("config", { type: "JSON" });
    expect(type).toBe("application/json");
    expect(body).toMatchObject({ app1: { ServiceName: "app1", AclName: "app1", Replicas: 3 } });
  });

  it("reloads when asked, and says so when it cannot", async () => {
    const { call, dataPlane } = await run();
    expect((await call("reload")).status).toBe(200);
    expect(dataPlane.calls).toEqual(["start", "check", "reload"]);
    dataPlane.failing = "frontend";
    expect(await call("reload")).toMatchObject({ status: 500, body: { Status: "NOK" } });
  });

  it("does not know other paths", async () => {
    const { call } = await run();
    expect((await call("nothing")).status).toBe(404);
    expect((await call("toString")).status).toBe(404);
  });

  it("answers on a socket inside the container too", async () => {
    const { settings } = await run();
    const status = await new Promise((resolve, reject) => {
      request(
        { socketPath: controlSocket(settings.runDir), path: "/v1/docker-flow-proxy/ping" },
        (response) => resolve(response.resume().statusCode),
      )
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("does not say that it distributed where there is nobody to distribute to", async () => {
    const { call } = await run();
    const { body } = await call("reconfigure", APP1);
    expect(body["Message"]).toContain("Not distributed");
  });

  it("answers 500 when the other proxies cannot be found, having taken the route itself", async () => {
    const { call, config } = await run(
      testSettings({ MODE: "swarm", SERVICE_NAME: "nobody.invalid" }),
    );
    const { status, body } = await call("reconfigure", APP1);
    expect(status).toBe(500);
    expect(body["Message"]).toContain("tasks.nobody.invalid");
    expect(config()).toContain("tasks.app1");
  });
});

describe("the start", () => {
  it("binds at once and asks the listener until it answers", async () => {
    const { answer, asked, address } = await listener(null);
    answer.status = 500;
    const { call, config } = await run(
      testSettings({ LISTENER_ADDRESS: address, RELOAD_INTERVAL: "100" }),
    );
    expect(config()).toContain("default_backend not_loaded");
    await eventually(() => expect(asked.length).toBeGreaterThan(2));
    expect((await call("successfulinitreload")).status).toBe(500);

    answer.services = [APP1, { serviceName: "api", servicePath: "/api", port: 80, replicas: 2 }];
    answer.status = 200;
    await eventually(async () => {
      expect((await call("successfulinitreload")).status).toBe(200);
    });
    expect(config()).toContain("tasks.app1:8080");
    expect(config()).toContain("tasks.api:80");
    expect(config()).toContain("default_backend not_found");
    expect(new Set(asked)).toEqual(new Set(["/v1/docker-flow-swarm-listener/get-services"]));
  });

  it("takes the good services when the listener lists a bad one, and logs the bad", async () => {
    const { address } = await listener([
      { serviceName: "bad", servicePath: "/bad", port: "abc" },
      APP1,
    ]);
    const { call, config, lines } = await run(testSettings({ LISTENER_ADDRESS: address }));
    await eventually(async () => {
      expect((await call("successfulinitreload")).status).toBe(200);
    });
    expect(config()).toContain("tasks.app1");
    expect(lines.find((line) => line.includes("service refused"))).toMatch(/"bad".*port/);
  });

  it("starts from the routes kept on disk when the listener is down", async () => {
    const settings = testSettings();
    const first = await run(settings);
    await first.call("reconfigure", APP1);
    await first.app.stop();
    const second = await run({ ...settings, listenerAddresses: ["127.0.0.1:9"] });
    expect(second.dataPlane.loaded[0]).toContain("tasks.app1:8080");
    expect(second.dataPlane.loaded[0]).toContain("default_backend not_found");
    expect((await second.call("successfulinitreload")).status).toBe(500);
  });

  it("starts without routes when HAProxy refuses the kept ones", async () => {
    const settings = testSettings();
    const first = await run(settings);
    await first.call("reconfigure", APP1);
    await first.app.stop();
    const dataPlane = new FakeDataPlane();
    dataPlane.refusing = "tasks.app1";
    const second = await run(settings, dataPlane);
    expect(second.config()).not.toContain("tasks.app1");
    expect(second.lines.join("")).toContain("refuses the kept routes");
  });

  it("drops kept routes that the listener no longer lists, and keeps those it lists badly", async () => {
    const settings = testSettings();
    const first = await run(settings);
    await first.call("reconfigure", APP1);
    await first.call("reconfigure", { ...APP1, serviceName: "gone", servicePath: "/gone" });
    await first.app.stop();
    const { address } = await listener([{ ...APP1, port: "abc" }]);
    const second = await run({ ...settings, listenerAddresses: [address] });
    await eventually(() => expect(second.config()).not.toContain("tasks.gone"));
    expect(second.config()).toContain("tasks.app1:8080");
  });

  it("does not let a listing undo a request that came after it was asked for", async () => {
    let answerNow: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answerNow = resolve));
    const port = await serve((_req, res) => {
      void held.then(() =>
        res.end(JSON.stringify([APP1, { ...APP1, serviceName: "old", servicePath: "/old" }])),
      );
    });
    const { call, config } = await run(testSettings({ LISTENER_ADDRESS: `127.0.0.1:${port}` }));
    await call("reconfigure", { ...APP1, port: "9090" });
    await call("remove", { serviceName: "old" });
    await call("reconfigure", { ...APP1, serviceName: "new", servicePath: "/new" });
    answerNow();
    await eventually(async () => {
      expect((await call("successfulinitreload")).status).toBe(200);
    });
    expect(config()).toContain("tasks.app1:9090");
    expect(config()).not.toContain("tasks.old");
    expect(config()).toContain("tasks.new");
  });

  it("heals missed events when it is to ask again and again", async () => {
    const { answer, address } = await listener([APP1]);
    const { config, call } = await run(
      testSettings({
        LISTENER_ADDRESS: address,
        REPEAT_RELOAD: "true",
        RELOAD_INTERVAL: "100",
      }),
    );
    await call("reconfigure", { serviceName: "by-hand", servicePath: "/by-hand", port: "80" });
    await call("reconfigure", { ...APP1, serviceName: "announced", servicePath: "/announced" });
    await eventually(() => expect(config()).toContain("tasks.app1"));
    answer.services = [{ ...APP1, serviceName: "app2", servicePath: "/app2" }];
    await eventually(() => expect(config()).toContain("tasks.app2"));
    expect(config()).not.toContain("tasks.app1");
    expect(config()).not.toContain("tasks.announced");
    expect(config()).toContain("tasks.by-hand");
  });

  it("keeps its routes while the listener is down", async () => {
    const { answer, asked, address } = await listener([APP1]);
    const { config } = await run(
      testSettings({ LISTENER_ADDRESS: address, REPEAT_RELOAD: "true", RELOAD_INTERVAL: "100" }),
    );
    await eventually(() => expect(config()).toContain("tasks.app1"));
    answer.status = 500;
    const before = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(before + 2));
    expect(config()).toContain("tasks.app1");
  });

  it("takes everything from the listener when told to", async () => {
    const { answer, asked, address } = await listener([]);
    const { call, config } = await run(testSettings({ LISTENER_ADDRESS: address }));
    await eventually(async () => {
      expect((await call("successfulinitreload")).status).toBe(200);
    });
    answer.services = [APP1];
    expect((await call("reload", { fromListener: "true" })).status).toBe(200);
    expect(config()).toContain("tasks.app1");
    expect(asked).toContain("/v1/docker-flow-swarm-listener/notify-services");
    answer.status = 500;
    expect((await call("reload", { fromListener: "true" })).status).toBe(500);
  });
});

describe("two services that claim the same", () => {
  const OLD = { ...APP1, serviceName: "old", createdAt: "2026-01-01T00:00:00Z" };
  const YOUNG = { ...APP1, serviceName: "young", createdAt: "2026-01-01T00:00:00.000000001Z" };

  it("are told apart by age: the younger gets 409, and its route when the older goes", async () => {
    const { call, config, lines } = await run();
    expect((await call("reconfigure", YOUNG)).status).toBe(200);
    expect((await call("reconfigure", OLD)).status).toBe(200);
    expect(config()).toContain("tasks.old:");
    expect(config()).not.toContain("tasks.young:");
    for (let i = 0; i < 2; i++) {
      expect(await call("reconfigure", YOUNG)).toMatchObject({
        status: 409,
        body: {
          Status: "NOK",
          ServiceName: "young",
          Message: expect.stringMatching(/^old has .*\/app1/) as string,
        },
      });
    }
    expect((await call("status")).body).toMatchObject({
      routes: [{ serviceName: "old" }],
      refused: [{ serviceName: "young", reason: expect.stringContaining("old has") as string }],
      certificates: [{ name: "self-signed" }],
    });
    expect(lines.filter((line) => line.includes("refused"))).toHaveLength(1);
    await call("remove", { serviceName: "old" });
    expect(config()).toContain("tasks.young:");
    expect((await call("status")).body).toMatchObject({ refused: [] });
  });

  it("are settled from the listener's list as well, and logged once", async () => {
    const { answer, asked, address } = await listener([YOUNG, OLD]);
    const { config, call, lines } = await run(
      testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" }),
    );
    await eventually(() => expect(config()).toContain("tasks.old:"));
    expect(config()).not.toContain("tasks.young:");
    const before = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(before + 3));
    expect(lines.filter((line) => line.includes('"service":"young"'))).toHaveLength(1);
    answer.services = [YOUNG];
    await eventually(() => expect(config()).toContain("tasks.young:"));
    expect(config()).not.toContain("tasks.old:");
    expect((await call("status")).body).toMatchObject({ refused: [] });
  });
});

describe("a service that asks for what cannot be", () => {
  it("keeps the route it has, and is in the status until it is right or gone", async () => {
    const { call, config, lines } = await run();
    await call("reconfigure", APP1);
    for (let i = 0; i < 3; i++) {
      expect((await call("reconfigure", { ...APP1, port: "abc" })).status).toBe(400);
    }
    expect(config()).toContain("tasks.app1:8080");
    const refused = [{ serviceName: "app1", reason: expect.stringContaining("port") as string }];
    expect((await call("status")).body).toMatchObject({
      refused,
      routes: [{ serviceName: "app1" }],
    });
    expect(lines.filter((line) => line.includes("refused"))).toHaveLength(1);
    await call("reconfigure", APP1);
    expect((await call("status")).body).toMatchObject({ refused: [] });
  });

  it("is noted with HAProxy's words, and not checked at every look at the list", async () => {
    const bad = { ...APP1, serviceName: "bad", servicePath: "/bad" };
    const { asked, address } = await listener([bad, APP1]);
    const dataPlane = new FakeDataPlane();
    dataPlane.refusing = "/bad";
    const { config, call } = await run(
      testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" }),
      dataPlane,
    );
    await eventually(() => expect(config()).toContain("tasks.app1:"));
    await eventually(async () => {
      expect((await call("successfulinitreload")).status).toBe(200);
    });
    const checks = dataPlane.calls.length;
    const before = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(before + 3));
    expect(dataPlane.calls).toHaveLength(checks);
    expect((await call("status")).body).toMatchObject({
      refused: [
        { serviceName: "bad", reason: expect.stringContaining("unknown keyword") as string },
      ],
    });
  });
});

describe("the listener's list", () => {
  it.each([[[]], [null]])("does not take all routes away by being %j", async (services) => {
    const { answer, asked, address } = await listener([APP1]);
    const { config, lines } = await run(
      testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" }),
    );
    await eventually(() => expect(config()).toContain("tasks.app1:"));
    answer.services = services;
    const before = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(before + 3));
    expect(config()).toContain("tasks.app1:");
    expect(lines.filter((line) => line.includes("lists no service"))).toHaveLength(1);
  });

  it.each(["garbage", {}, [1], { Status: "OK" }])(
    "changes nothing by being %j",
    async (services) => {
      const { answer, asked, address } = await listener([APP1]);
      const { config } = await run(
        testSettings({
          LISTENER_ADDRESS: address,
          RECONCILE_INTERVAL: "20",
          RELOAD_INTERVAL: "100",
        }),
      );
      await eventually(() => expect(config()).toContain("tasks.app1:"));
      answer.services = services;
      const before = asked.length;
      await eventually(() => expect(asked.length).toBeGreaterThan(before + 1));
      expect(config()).toContain("tasks.app1:");
    },
  );

  it("loads nothing when nothing differs", async () => {
    const { asked, address } = await listener([APP1]);
    const { config, dataPlane, call } = await run(
      testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" }),
    );
    await eventually(() => expect(config()).toContain("tasks.app1:"));
    // What the same listener announces is what it lists, but for the order to pass it on.
    await call("reconfigure", { ...APP1, distribute: "false" });
    const calls = dataPlane.calls.length;
    const before = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(before + 3));
    expect(dataPlane.calls).toHaveLength(calls);
  });
});

describe("passwords", () => {
  it("are nowhere but, as hashes, in haproxy.cfg and in the kept routes", async () => {
    const { call, config, lines, settings } = await run();
    const { text } = await call("reconfigure", { ...APP1, users: "joe:s3cret" });
    expect(config()).toMatch(/user 'joe' password '\$2b\$/);
    const shown = [
      text,
      (await call("config")).text,
      (await call("config", { type: "json" })).text,
      (await call("status")).text,
      lines.join(""),
    ].join("\n");
    expect(shown).toContain("joe");
    expect(shown).not.toMatch(/s3cret|\$2b/);
    expect(config()).not.toContain("s3cret");
    const kept = readFileSync(join(settings.dataDir, "routes.json"), "utf8");
    expect(kept).toContain("$2b$");
    expect(kept).not.toContain("s3cret");
  });
});

describe("the routes on disk", () => {
  it("hold the parameters as they came", async () => {
    const { call, settings } = await run();
    await call("reconfigure", APP1);
    const text = readFileSync(join(settings.dataDir, "routes.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ version: 1, routes: [{ parameters: APP1 }] });
  });
});

describe("the stop", () => {
  it("first fails the edge's check, then stops taking requests, then ends", async () => {
    const { app, call, dataPlane } = await run(testSettings({ DRAIN_DELAY_MS: "100" }));
    const stopped = app.stop();
    await eventually(() => expect(dataPlane.calls).toContain("serving false"));
    expect((await call("ping")).status).toBe(200);
    expect(dataPlane.calls.at(-1)).toBe("serving false");
    await stopped;
    expect(dataPlane.calls.slice(-2)).toEqual(["serving false", "stop 25000"]);
    await expect(call("ping")).rejects.toThrow();
  });

  it("happens once however often it is asked for", async () => {
    const { app, dataPlane } = await run();
    await Promise.all([app.stop(), app.stop()]);
    expect(dataPlane.calls.filter((call) => call.startsWith("stop"))).toHaveLength(1);
  });
});

describe("a service that is routed openly and then asks for users who cannot be had", () => {
  const GUARDED = { ...APP1, usersSecret: "staff" };

  it("denies everyone, says why, and opens when the users are dropped", async () => {
    const { call, config, lines } = await run();
    await call("reconfigure", APP1);
    const { status, body } = await call("reconfigure", GUARDED);
    expect(status).toBe(400);
    expect(body["Message"]).toMatch(/dfp_users_staff.*deny everyone/);
    expect(config()).toContain("    http-request deny if TRUE\n");
    expect((await call("status")).body).toMatchObject({
      routes: [
        { serviceName: "app1", closed: expect.stringContaining("dfp_users_staff") as string },
      ],
      refused: [{ serviceName: "app1", reason: expect.stringContaining("staff") as string }],
    });
    expect(lines.filter((line) => line.includes("deny everyone from now on"))).toHaveLength(1);
    expect((await call("reconfigure", APP1)).status).toBe(200);
    expect(config()).not.toContain("    http-request deny if TRUE\n");
    expect((await call("status")).body).toMatchObject({ refused: [] });
  });

  it("stays without a route where it never had one", async () => {
    const { call, dataPlane } = await run();
    expect((await call("reconfigure", GUARDED)).status).toBe(400);
    expect(dataPlane.calls).toEqual(["start"]);
  });

  it("keeps a route that asks for the same users already", async () => {
    const { call, config } = await run();
    const users = { ...APP1, users: "joe:secret" };
    await call("reconfigure", users);
    const before = config();
    expect((await call("reconfigure", { ...users, port: "abc" })).status).toBe(400);
    expect(config()).toBe(before);
  });

  it("closes by what HAProxy refuses, too", async () => {
    const { call, config, dataPlane } = await run();
    await call("reconfigure", APP1);
    dataPlane.refusing = "http_auth";
    expect((await call("reconfigure", { ...APP1, users: "joe:secret" })).status).toBe(500);
    expect(config()).toContain("    http-request deny if TRUE\n");
  });

  it("is not opened by the listener's list nor by a restart, but by the secret", async () => {
    const { answer, asked, address } = await listener([APP1]);
    const settings = testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" });
    const first = await run(settings);
    await eventually(() => expect(first.config()).toContain("tasks.app1"));
    answer.services = [GUARDED];
    await eventually(() => expect(first.config()).toContain("    http-request deny if TRUE\n"));
    const seen = asked.length;
    await eventually(() => expect(asked.length).toBeGreaterThan(seen + 2));
    expect(first.config()).toContain("    http-request deny if TRUE\n");
    await first.app.stop();

    answer.status = 500;
    const second = await run(settings);
    expect(second.config()).toContain("    http-request deny if TRUE\n");
    expect((await second.call("status")).body).toMatchObject({
      routes: [{ closed: expect.stringContaining("dfp_users_staff") as string }],
    });
    answer.status = 200;
    await eventually(async () => {
      expect((await second.call("status")).body).toMatchObject({
        refused: [{ serviceName: "app1" }],
      });
    });
    expect(second.config()).toContain("    http-request deny if TRUE\n");

    mkdirSync(settings.secretsDir);
    writeFileSync(join(settings.secretsDir, "dfp_users_staff"), "joe:secret");
    await eventually(() => expect(second.config()).toContain("http-request auth"));
    expect(second.config()).not.toContain("    http-request deny if TRUE\n");
  });

  it("opens after a restart where the list asks for what was routed", async () => {
    const { answer, address } = await listener([APP1]);
    const settings = testSettings({ LISTENER_ADDRESS: address, RECONCILE_INTERVAL: "20" });
    const first = await run(settings);
    await eventually(() => expect(first.config()).toContain("tasks.app1"));
    answer.services = [GUARDED];
    await eventually(() => expect(first.config()).toContain("    http-request deny if TRUE\n"));
    await first.app.stop();
    answer.services = [APP1];
    const second = await run(settings);
    await eventually(() =>
      expect(second.config()).not.toContain("    http-request deny if TRUE\n"),
    );
    expect(second.config()).toContain("tasks.app1");
  });
});
