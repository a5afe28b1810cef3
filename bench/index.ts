/** Measures a stack of its own from nothing to its end, several times, and prints the medians. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Ephemeral } from "../test/e2e/support/ephemeral";
import { Project } from "../test/e2e/support/project";
import { type Measures, measureOnce } from "./round";
import { renderTable } from "./table";

const USAGE = `Measures the system on a stack of its own ("bench"), and prints a table of medians.

Usage: bench/run [--help]
  RUNS=n   how many times to measure (3). The first fills the build cache, if that is empty.

A run takes about three minutes on two cores. The table and each run's figures are kept in artefacts/bench.

  machines Ready      in the event log of the up from nothing: from the end of the machine image's build to the
                      last of the seven memberships, each of which waits until its node is Ready
  up, preview, destroy  the whole command as it is typed, with the search for tools and the table of outputs
  memory              the machines with all that runs in them, the edge and the registry, as their control groups
                      charge it, less the page cache; then less only the pages not read lately (docker stats)
  services through up   make up after the three services alone were destroyed, and again with nothing to do
  docker stack deploy   --detach=false, inside a manager, on the same swarm in between, and again; its compose file
                      comes from the program's own services, and what it makes is compared with them first
  ratio               taken run by run: its median need not be the quotient of the two medians
`;

const STACK = "bench";

async function main(): Promise<void> {
  if (process.argv.includes("--help")) {
    process.stdout.write(USAGE);
    return;
  }
  const runs = Number(process.env["RUNS"] ?? 3);
  if (!Number.isInteger(runs) || runs < 1 || process.argv.length > 2) {
    throw new Error(
      `RUNS must be a whole number from 1 on, and there are no arguments\n\n${USAGE}`,
    );
  }
  const ephemeral = new Ephemeral("bench", [STACK]);
  const project = new Project(STACK, ephemeral.place());
  const results: Measures[] = [];
  ephemeral.begin();
  try {
    for (let i = 1; i <= runs; i++) {
      process.stderr.write(`Run ${i} of ${runs}\n`);
      results.push(await measureOnce(project, (line) => process.stderr.write(`  ${line}\n`)));
    }
  } finally {
    ephemeral.end();
  }

  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const table = renderTable(results, machine);
  const figures = JSON.stringify({ machine, results }, null, 2);
  writeFileSync(join(ephemeral.artefacts, "results.json"), figures);
  writeFileSync(join(ephemeral.artefacts, "table.md"), table);
  process.stdout.write(`\n${table}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
