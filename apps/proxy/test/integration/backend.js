/*
 * A task for the tests, run with `node -e` in a container: says who it is and what it was sent. On SIGTERM it does what a
 * task of ours does: readiness 503, serve on for DRAIN_MS, then end.
 */
const http = require("node:http");
const os = require("node:os");

let ready = true;
const seen = [];

const server = http.createServer((req, res) => {
  const url = new URL(req.url, "http://x");
  const name = url.pathname.split("/").at(-1);
  const task = os.hostname();
  if (name === "ready") return res.writeHead(ready ? 200 : 503).end();
  if (name === "unready") ready = false;
  if (name === "seen") return res.end(JSON.stringify(seen));
  seen.push(req.method + " " + url.pathname + url.search);
  if (name === "drop-on" && url.searchParams.get("task") === task) return req.socket.destroy();
  const delay = Number(url.searchParams.get("ms") ?? 0);
  setTimeout(() => {
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify({ task, url: req.url, headers: req.headers }));
  }, delay);
});

process.on("SIGTERM", () => {
  ready = false;
  setTimeout(
    () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    },
    Number(process.env.DRAIN_MS ?? 3000),
  );
});

server.listen(8080);
