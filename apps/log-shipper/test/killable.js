/** A server on a port that writes what it reads to a file, at once, and ends a connection that the other side has ended: killed, it forgets the rest. */
const { appendFileSync } = require("node:fs");
const { createServer } = require("node:net");

const [port, file] = process.argv.slice(2);
createServer((socket) => {
  socket.on("data", (chunk) => appendFileSync(file, chunk));
  socket.on("error", () => undefined);
}).listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));
