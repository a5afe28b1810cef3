import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { loadRoutes, routeKeeper } from "../src/routes/disk";
import { EMPTY_TABLE } from "../src/routes/table";
import { APP1, cleanUp, memoryLog, PARSE, tableOf, temporaryFolder } from "./support";

afterEach(cleanUp);

describe("kept routes", () => {
  it("come back as they were, as from disk", async () => {
    const dir = join(temporaryFolder(), "new");
    const table = tableOf([APP1, { ...APP1, serviceName: "app2", servicePath: "/app2" }]);
    await routeKeeper(dir)(table);
    const { log } = memoryLog();
    expect(await loadRoutes(dir, PARSE, log)).toEqual({
      ...table,
      routes: new Map(
        [...table.routes].map(([name, route]) => [name, { ...route, source: "disk" }]),
      ),
    });
    expect(readdirSync(dir)).toEqual(["routes.json"]);
  });

  it("are not written again when nothing changed", async () => {
    const dir = temporaryFolder();
    const keep = routeKeeper(dir);
    const table = tableOf([APP1]);
    await keep(table);
    const before = statSync(join(dir, "routes.json")).ino;
    await keep({ ...table });
    expect(statSync(join(dir, "routes.json")).ino).toBe(before);
    await keep(tableOf([]));
    expect(statSync(join(dir, "routes.json")).ino).not.toBe(before);
  });

  it("are none without a file, without a word", async () => {
    const { log, lines } = memoryLog();
    expect(await loadRoutes(temporaryFolder(), PARSE, log)).toBe(EMPTY_TABLE);
    expect(lines).toEqual([]);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"version":2,"routes":[]}',
    '{"version":1,"routes":[null]}',
    '{"version":1,"routes":[{"parameters":{"port":80}}]}',
  ])("are none when the file is %j, and the log says so", async (text) => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "routes.json"), text);
    const { log, lines } = memoryLog();
    expect(await loadRoutes(dir, PARSE, log)).toBe(EMPTY_TABLE);
    expect(lines).toHaveLength(1);
  });

  it("are none when the file cannot be read", async () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "routes.json"));
    const { log, lines } = memoryLog();
    expect(await loadRoutes(dir, PARSE, log)).toBe(EMPTY_TABLE);
    expect(lines.join("")).toContain("EISDIR");
  });

  it("pass the same checks as a request", async () => {
    const dir = temporaryFolder();
    const hostile = { ...APP1, serviceName: "evil", servicePath: "/a\n    bind :81" };
    writeFileSync(
      join(dir, "routes.json"),
      JSON.stringify({ version: 1, routes: [{ parameters: hostile }, { parameters: APP1 }] }),
    );
    const { log, lines } = memoryLog();
    const table = await loadRoutes(dir, PARSE, log);
    expect([...table.routes.keys()]).toEqual(["app1"]);
    expect(lines.join("")).toContain("servicePath");
  });
});
