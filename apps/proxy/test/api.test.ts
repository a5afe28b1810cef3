import { createApi } from "../src/control/api";
import { Configurator } from "../src/control/configurator";
import { Emptiness } from "../src/control/emptiness";
import { Hosts } from "../src/control/hosts";
import { Proxy } from "../src/control/proxy";
import { renderConfig } from "../src/haproxy/render";
import type { Parameters } from "../src/routes/service";
import { EMPTY_TABLE } from "../src/routes/table";
import { APP1, cleanUp, FakeDataPlane, memoryLog, PARSE, RENDER, serve } from "./support";

afterEach(cleanUp);

/** The control API of a proxy among others, with what it sent to them. */
async function setUp({ unreached = [] as string[], reconciles = true } = {}) {
  const { log } = memoryLog();
  const sent: string[] = [];
  const configurator = new Configurator(EMPTY_TABLE, {
    dataPlane: new FakeDataPlane(),
    render: (table) => renderConfig(table, RENDER),
    save: () => Promise.resolve(),
    log,
    minReloadIntervalMs: 0,
  });
  const port = await serve(
    createApi({
      proxy: new Proxy(
        configurator,
        PARSE,
        new Emptiness({ log }),
        new Hosts({ controlSubnet: undefined, ownAddresses: () => [] }),
      ),
      configurator,
      distribute: (path) => {
        sent.push(new URL(path, "http://proxy").searchParams.get("port") ?? "");
        return Promise.resolve(unreached);
      },
      reconciles,
      reloadFromListener: () => Promise.resolve(),
      initialized: () => true,
      certificates: () => [],
      log,
    }),
  );
  const call = async (action: string, parameters: Parameters) => {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(
      `http://127.0.0.1:${port}/v1/docker-flow-proxy/${action}?${query}`,
    );
    const { Message } = (await response.json()) as { Message: string };
    return { status: response.status, message: Message };
  };
  const reconfigure = async (parameters: Parameters): Promise<number> =>
    (await call("reconfigure", parameters)).status;
  return { sent, call, reconfigure };
}

describe("the other proxies", () => {
  it("are told what is granted, and not what is refused", async () => {
    const { sent, reconfigure } = await setUp();
    expect(await reconfigure(APP1)).toBe(200);
    expect(await reconfigure({ ...APP1, port: "abc" })).toBe(400);
    expect(sent).toEqual(["8080"]);
  });

  it("are told what closes a route, as they have it as well", async () => {
    const { sent, reconfigure } = await setUp();
    await reconfigure(APP1);
    expect(await reconfigure({ ...APP1, port: "81", usersSecret: "staff" })).toBe(400);
    expect(sent).toEqual(["8080", "81"]);
  });

  const DEAD = { unreached: ["10.0.0.7 (no connection in 1000 ms)"] };
  const REMOVE = { serviceName: "app1", distribute: "true" };
  const BY_HAND = { ...APP1, notify: "" };

  it("do not fail the answer when they are not there and will hear of it from the listener", async () => {
    const { call } = await setUp(DEAD);
    for (const { status, message } of [
      await call("reconfigure", APP1),
      await call("remove", REMOVE),
      // A listener that repeats it.
      await call("remove", REMOVE),
    ]) {
      expect({ status, message }).toEqual({
        status: 200,
        message: expect.stringMatching(/but 10\.0\.0\.7 .*listener$/) as string,
      });
    }
  });

  it("fail it when they are not there and nobody else would tell them", async () => {
    const { call } = await setUp(DEAD);
    const refused = { status: 500, message: expect.stringContaining("10.0.0.7") as string };
    expect(await call("reconfigure", BY_HAND)).toEqual(refused);
    expect(await call("remove", REMOVE)).toEqual(refused);
    const alone = await setUp({ ...DEAD, reconciles: false });
    expect(await alone.call("reconfigure", APP1)).toEqual(refused);
  });
});
