import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ENDED, LogstashConnection } from "../../src/libs/logger/logstash/connection";

// On a machine that may be busy.
jest.setTimeout(60_000);

let server: Server;
let accepted: Promise<Socket>;
let connection: LogstashConnection;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  accepted = once(server, "connection").then(([socket]) => socket as Socket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  connection = new LogstashConnection({ host: "127.0.0.1", port });
  connection.connect();
});
afterEach(async () => {
  connection.close();
  (await accepted).destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Whether our side was closed when the server's end was heard. */
const finishedAtEnd = () =>
  new Promise<boolean>((resolve) => connection.once(ENDED, () => resolve(connection.isFinished)));

test("a server that ends after us has answered", async () => {
  const answer = finishedAtEnd();
  const socket = await accepted;
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => (text += part));
  socket.once("end", () => socket.end());
  connection.send("last line\n", () => undefined);
  connection.finish();
  expect(await answer).toBe(true);
  expect(text).toBe("last line\n");
});

test("a server that ended before us has not, although we had not heard it yet", async () => {
  const answer = finishedAtEnd();
  const socket = await accepted;
  // Here its end is on its way, and nobody has looked at our socket since.
  socket.end(() => connection.finish());
  expect(await answer).toBe(false);
});

test("a server that talks does not hide that it ends", async () => {
  const answer = finishedAtEnd();
  const socket = await accepted;
  socket.end("what is this?\n".repeat(10_000));
  expect(await answer).toBe(false);
});
