/** Measures a stack of its own from nothing to its end, several times, and prints the medians. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { removeObjects } from "../test/e2e/support/engine";
import { Project } from "../test/e2e/support/project";
import { repository } from "../test/e2e/support/workspace";
import { type Measures, measureOnce } from "./round";
import { renderTable } from "./table";

const USAGE = `Measures the system on a stack of its own ("bench"), and prints a table of medians.

Usage: bench/run [--help]
  RUNS=n   how many times to measure (3). The first fills the build cache, if that is empty.

A run takes about four minutes on two cores. The table and each run's figures are kept in artefacts/bench.
`;

const STACK = "bench";
const artefacts = join(repository, "artefacts", "bench");

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
  const project = new Project(STACK, {
    folder: repository,
    env: { XDG_DATA_HOME: join(artefacts, "data") },
    logs: join(artefacts, "logs"),
  });
  // What an interrupted bench left.
  await project.make("down");
  removeObjects(STACK);
  rmSync(project.place.logs, { recursive: true, force: true });
  mkdirSync(artefacts, { recursive: true });

  const results: Measures[] = [];
  try {
    for (let i = 1; i <= runs; i++) {
      process.stderr.write(`Run ${i} of ${runs}\n`);
      results.push(await measureOnce(project, (line) => process.stderr.write(`  ${line}\n`)));
    }
  } finally {
    await project.make("down");
  }

  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const table = renderTable(results, machine);
  writeFileSync(join(artefacts, "results.json"), JSON.stringify({ machine, results }, null, 2));
  writeFileSync(join(artefacts, "table.md"), table);
  process.stdout.write(`\n${table}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
