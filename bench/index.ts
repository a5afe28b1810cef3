/** Measures a stack of its own from nothing to its end, several times, and prints the medians. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Ephemeral } from "../test/e2e/support/ephemeral";
import { Project } from "../test/e2e/support/project";
import { measureFrontend } from "./frontend";
import { renderFrontendTable, renderWays } from "./frontend/table";
import { measureLogger } from "./logger";
import { renderLoggerTable } from "./logger/table";
import { measureProxy } from "./proxy";
import { type Measures, measureOnce } from "./round";
import { renderTable } from "./table";

const USAGE = `Measures the system on a stack of its own ("bench"), and prints a table of medians.

Usage: bench/run [system|frontend|proxy|logger|--help]
  RUNS=n   how many times to measure (3). The first fills the build cache, if that is empty.

system (a run takes about three minutes on two cores):

  machines Ready      in the event log of the up from nothing: from the end of the machine image's build to the
                      last of the seven memberships, each of which waits until its node is Ready
  up, preview, destroy  the whole command as it is typed, with the search for tools and the table of outputs
  memory              the machines with all that runs in them, the edge and the registry, as their control groups
                      charge it, less the page cache; then less only the pages not read lately (docker stats)
  services through up   make up after the three services alone were destroyed, and again with nothing to do
  docker stack deploy   --detach=false, inside a manager, on the same swarm in between, and again; its compose file
                      comes from the program's own services, and what it makes is compared with them first
  ratio               taken run by run: its median need not be the quotient of the two medians

frontend (one stack; four rounds a run, of eight loads of two seconds, then 500 services):
  proxy               wrk, 32 connections, from the machines' network, through the edge to every proxy
  by hand             the same edge, and the same HAProxy with a static configuration in the proxies' place:
                      like for like (the same log, request id, headers, limits, retries), and bare
  CPU a request       of the proxies' containers, all that runs in them, or of those in their place
  direct              to one task, from inside its network
  a change            the command that changes a label has ended; over when nine requests in a row, each on a
                      connection of its own, were routed by it

proxy (no stack, the engine's containers alone; five rounds a run, of four loads of two seconds):
  proxy               wrk, 32 connections, to one proxy with three tasks whose answer costs next to nothing
  by hand, direct     as in frontend, without an edge

logger (no stack; RUNS rounds of SECONDS seconds, 20):
  the app's page      nodeapp1 as in its image, without a database, one process a way, 100 requests a second to each, by turns
  CPU a request       user and system time of the app's process
  CPU a line          the logger alone, in bursts of 50, its console going nowhere; delivery included
  ratio               to the console alone, taken round by round

Without an argument, all. Tables and single figures are kept in artefacts/bench.
`;

const STACK = "bench";

const PARTS = ["system", "frontend", "proxy", "logger"] as const;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    process.stdout.write(USAGE);
    return;
  }
  const runs = Number(process.env["RUNS"] ?? 3);
  const parts = PARTS.filter((part) => args.length === 0 || args[0] === part);
  if (!Number.isInteger(runs) || runs < 1 || args.length > 1 || parts.length === 0) {
    throw new Error(
      `RUNS must be a whole number from 1 on, and the argument a part of the bench\n\n${USAGE}`,
    );
  }
  const ephemeral = new Ephemeral("bench", [STACK]);
  const project = new Project(STACK, ephemeral.place());
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  const report = (part: string, table: string, results: unknown) => {
    const figures = JSON.stringify({ machine, results }, null, 2);
    writeFileSync(join(ephemeral.artefacts, `${part}.json`), figures);
    writeFileSync(join(ephemeral.artefacts, `${part}.md`), table);
    process.stdout.write(`\n${table}`);
  };
  const needsStack = parts.some((part) => part === "system" || part === "frontend");
  if (needsStack) ephemeral.begin();
  else mkdirSync(ephemeral.artefacts, { recursive: true });
  try {
    if (parts.includes("system")) {
      const results: Measures[] = [];
      for (let i = 1; i <= runs; i++) {
        process.stderr.write(`Run ${i} of ${runs}\n`);
        results.push(await measureOnce(project, say));
      }
      report("system", renderTable(results, machine), results);
    }
    if (parts.includes("frontend")) {
      process.stderr.write("The frontend\n");
      const results = await measureFrontend(project, runs, say);
      report("frontend", renderFrontendTable(results, machine), results);
    }
    if (parts.includes("proxy")) {
      process.stderr.write("The proxy\n");
      const results = await measureProxy(runs, say);
      report("proxy", renderWays(results, machine), results);
    }
    if (parts.includes("logger")) {
      process.stderr.write("The logger\n");
      const results = await measureLogger(runs, say);
      report("logger", renderLoggerTable(results, machine), results);
    }
  } finally {
    if (needsStack) ephemeral.end();
  }
}

main().catch((error: unknown) => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`error: ${message}\n`);
  if (cause instanceof Error) process.stderr.write(`  ${cause.message}\n`);
  process.exitCode = 1;
});
