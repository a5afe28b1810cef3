/**
 * A server of lines that can be killed: it keeps what it reads in memory for a moment, then in a file, as
 * Logstash between its input and its queue. Arguments: port, file, and for how many milliseconds.
 */
const { appendFileSync } = require("node:fs");
const { createServer } = require("node:net");

const [port, file, keptMs] = process.argv.slice(2);
// What was written when it was killed the last time may be half a line.
let memory = "\n";
setInterval(() => {
  if (memory !== "") appendFileSync(file, memory);
  memory = "";
}, Number(keptMs));

createServer((socket) => {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("error", () => undefined);
  socket.on("data", (text) => {
    const end = (rest + text).lastIndexOf("\n") + 1;
    memory += (rest + text).slice(0, end);
    rest = (rest + text).slice(end);
  });
}).listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));
