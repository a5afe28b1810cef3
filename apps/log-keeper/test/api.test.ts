import type { AddressInfo } from "node:net";
import { createApi } from "../src/api";
import type { Status } from "../src/keeper";

const status: Status = {
  state: "waiting",
  reason: "Kibana does not answer",
  standIn: false,
  at: "now",
};

async function ask(path: string, roundEnded: number, method = "GET") {
  const server = createApi({ status: () => status, roundEnded });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  const body: unknown = await response.json();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  return { status: response.status, body };
}

test("a keeper that waits lives, and says for what", async () => {
  expect(await ask("/health/live", Date.now())).toEqual({
    status: 200,
    body: { state: "waiting", reason: "Kibana does not answer" },
  });
  expect((await ask("/status", Date.now())).body).toEqual(status);
});

test("a keeper that is stuck does not", async () => {
  expect((await ask("/health/live", Date.now() - 301_000)).status).toBe(503);
});

test("nothing can be changed through it", async () => {
  expect((await ask("/status", Date.now(), "POST")).status).toBe(405);
  expect((await ask("/other", Date.now())).status).toBe(404);
});
