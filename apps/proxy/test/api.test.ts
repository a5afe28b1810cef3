import { createApi } from "../src/control/api";
import { Configurator } from "../src/control/configurator";
import { Emptiness } from "../src/control/emptiness";
import { Proxy } from "../src/control/proxy";
import { renderConfig } from "../src/haproxy/render";
import type { Parameters } from "../src/routes/service";
import { EMPTY_TABLE } from "../src/routes/table";
import { APP1, cleanUp, FakeDataPlane, memoryLog, PARSE, RENDER, serve } from "./support";

afterEach(cleanUp);

/** The control API of a proxy among others, with what it sent to them. */
async function setUp() {
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
      proxy: new Proxy(configurator, PARSE, new Emptiness({ log })),
      configurator,
      distribute: (path) => {
        sent.push(new URL(path, "http://proxy").searchParams.get("port") ?? "");
        return Promise.resolve();
      },
      reloadFromListener: () => Promise.resolve(),
      initialized: () => true,
      certificates: () => [],
      log,
    }),
  );
  const reconfigure = async (parameters: Parameters): Promise<number> => {
    const query = new URLSearchParams(parameters).toString();
    const url = `http://127.0.0.1:${port}/v1/docker-flow-proxy/reconfigure?${query}`;
    return (await fetch(url)).status;
  };
  return { sent, reconfigure };
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
});
