import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import express from "express";
import { createLogger } from "../libs/logger";
import { formBody, jsonBody } from "./body";
import { errorHandler } from "./errors";

let server: Server;
let port: number;
beforeAll(async () => {
  const app = express();
  app.use((_req, res, next) => {
    res.locals.isApi = true;
    next();
  });
  app.post("/form", formBody(100), (req, res) => res.json(req.body));
  app.post("/json", jsonBody(100), (req, res) => res.json(req.body));
  app.use(errorHandler(createLogger({ production: true, level: "error" })));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Everything that comes back until the server closes the connection. */
function send(path: string, type: string, length: number, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
          `Content-Length: ${length}\r\nConnection: keep-alive\r\n\r\n${body}`,
      );
    });
    socket.on("data", (data: Buffer) => {
      answer += data.toString();
      // A whole answer whose connection stays open.
      if (answer.includes("200 OK")) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

test.each([
  ["/form", "application/x-www-form-urlencoded", "a=1", '{"a":"1"}'],
  ["/json", "application/json", '{"a":1}', '{"a":1}'],
])("%s reads what has come in time", async (path, type, body, expected) => {
  const answer = await send(path, type, body.length, body);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer).toContain(`\r\n\r\n${expected}`);
});

test.each([
  ["/form", "application/x-www-form-urlencoded"],
  ["/json", "application/json"],
])("%s waits for the rest no longer than it may, and hangs up", async (path, type) => {
  const answer = await send(path, type, 10, "a=");
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  expect(answer).toContain('"status":408');
});
