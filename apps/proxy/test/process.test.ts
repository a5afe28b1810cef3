import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { HaproxyProcess } from "../src/haproxy/process";
import { cleanUp, eventually, memoryLog, temporaryFolder } from "./support";

const started: HaproxyProcess[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((haproxy) => haproxy.stop(2_000)));
  await cleanUp();
});

/**
 * Stands in for HAProxy's master: writes down what it is told on its socket, and holds every reload until the file `go` is there. In
 * a reload it takes no connections, as the real one; a worker begins as the one before it was.
 */
const MASTER = `#!${process.execPath}
const { appendFileSync, existsSync, unlinkSync } = require("node:fs");
const { dirname, join } = require("node:path");
const path = process.argv.at(-1).split(",")[0];
const folder = dirname(path);
const answers = {
  "show proc": "# workers\\n7 worker 0 1s 3.0\\n# old workers\\n",
  "@1 set ssl": "Transaction created for certificate\\n",
  "@1 commit ssl": "Success!\\n",
};
const server = require("node:net").createServer({ allowHalfOpen: true }, (socket) => {
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  socket.on("end", () => {
    const command = text.split("\\n")[0];
    if (command !== "show proc") appendFileSync(join(folder, "commands"), command + "\\n");
    if (command !== "reload") {
      const known = Object.keys(answers).find((key) => command.startsWith(key));
      return socket.end(answers[known] ?? "\\n");
    }
    server.close();
    const waiting = setInterval(() => {
      if (!existsSync(join(folder, "go"))) return;
      clearInterval(waiting);
      server.listen(path, () => socket.end("Success=1\\n--\\n"));
    }, 5);
  });
});
if (existsSync(path)) unlinkSync(path);
server.listen(path);
process.on("SIGUSR1", () => process.exit(0));
`;

async function start(serving: boolean) {
  const folder = temporaryFolder();
  const binary = join(folder, "haproxy");
  writeFileSync(binary, MASTER, { mode: 0o755 });
  const { log } = memoryLog();
  const haproxy = new HaproxyProcess(
    { binary, runDir: folder, stateFile: join(folder, "server-state") },
    log,
  );
  started.push(haproxy);
  await haproxy.start("one\n", serving);
  const file = join(folder, "commands");
  return {
    haproxy,
    commands: () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []),
    go: () => writeFileSync(join(folder, "go"), ""),
  };
}

const SERVING = "server lifecycle/serving";

describe("what is asked during a reload", () => {
  it("waits for it, and reaches the new worker", async () => {
    const { haproxy, commands, go } = await start(false);
    const reload = haproxy.reload("two\n");
    await eventually(() => expect(commands()).toContain("reload"));
    const before = commands().length;
    const ready = haproxy.setServing(true);
    const replaced = haproxy.replaceCertificate("/a.pem", "PEM");
    go();
    await Promise.all([reload, ready]);
    expect(await replaced).toBe(true);
    expect(commands().slice(before)).toEqual([
      // As it stands by the end of the reload.
      `@1 enable ${SERVING}`,
      `@1 enable ${SERVING}`,
      "@1 set ssl cert /a.pem <<",
      "@1 commit ssl cert /a.pem",
    ]);
  });

  it("keeps a proxy that drains draining", async () => {
    const { haproxy, commands, go } = await start(true);
    go();
    await haproxy.setServing(false);
    await haproxy.reload("two\n");
    expect(commands().at(-1)).toBe(`@1 disable ${SERVING}`);
  });
});
