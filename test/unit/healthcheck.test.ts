import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { httpHealthcheck } from "../../infra/healthcheck";

const server: Server = createServer((request, response) => {
  response.statusCode = request.url === "/app1/health/live" ? 200 : 503;
  response.end("says something");
});
let port = 0;
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

/** Runs it as the engine does, which then stores what it prints. */
async function check(onPort: number, path: string): Promise<{ code: unknown; output: string }> {
  const [command = "", ...args] = httpHealthcheck(onPort, path);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = (await once(child, "close")) as [unknown];
  return { code, output };
}

test("passes where the app answers that it lives", async () => {
  expect(await check(port, "/app1/health/live")).toEqual({ code: 0, output: "" });
});

test("fails on any other status, and says which", async () => {
  const { code, output } = await check(port, "/app1/health");
  expect(code).not.toBe(0);
  expect(output).toBe("/app1/health answered 503\n");
});

test("fails where nothing listens", async () => {
  const { code, output } = await check(1, "/app1/health/live");
  expect(code).not.toBe(0);
  expect(output).toMatch(/Connection refused/);
});
