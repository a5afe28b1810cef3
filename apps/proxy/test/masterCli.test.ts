import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";

import { ask, currentWorker, occupiedSlots } from "../src/haproxy/masterCli";
import { cleanUp, temporaryFolder } from "./support";

afterEach(cleanUp);

const SHOW_PROC = `#<PID>          <type>          <reloads>       <uptime>        <version>
1               master          2 [failed: 0]   0d00h00m28s     3.0.11
# workers
73              worker          0               0d00h00m01s     3.0.11
# old workers
8               worker          2               0d00h00m20s     3.0.11
# programs`;

describe("currentWorker", () => {
  it("finds the worker that takes connections", () => {
    expect(currentWorker(SHOW_PROC)).toBe(73);
  });

  it("does not take an old worker for it", () => {
    const without = SHOW_PROC.split("\n").filter((line) => !line.startsWith("73"));
    expect(currentWorker(without.join("\n"))).toBeUndefined();
  });
});

describe("occupiedSlots", () => {
  it("keeps the heading and the slots with an address", () => {
    const kept = ["1", "# be_id be_name srv_id", "3 b1 1 task1 172.18.0.3 2 0 1"];
    expect(occupiedSlots([...kept, "3 b1 4 task4 - 0 32 1", ""].join("\n"))).toBe(
      `${kept.join("\n")}\n`,
    );
  });
});

describe("ask", () => {
  it("answers all that comes until the other side closes", async () => {
    const path = join(temporaryFolder(), "sock");
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let command = "";
      socket.on("data", (chunk) => (command += chunk.toString()));
      socket.on("end", () => socket.end(`you said ${command}`));
    });
    server.listen(path);
    await once(server, "listening");
    expect(await ask(path, "show proc")).toBe("you said show proc");
    server.close();
  });

  it("does not wait for ever", async () => {
    const path = join(temporaryFolder(), "sock");
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on("error", () => undefined);
    });
    server.listen(path);
    await once(server, "listening");
    await expect(ask(path, "reload", 30)).rejects.toThrow('"reload" in 30 ms');
    server.close();
  });

  it("fails when nobody listens", async () => {
    await expect(ask(join(temporaryFolder(), "sock"), "x")).rejects.toThrow("ENOENT");
  });
});
