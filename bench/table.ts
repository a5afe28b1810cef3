import type { Measures } from "./round";

/** A row: what it is, its figure of a run, and what it should reach. */
interface Row {
  readonly what: string;
  readonly of: (run: Measures) => number;
  readonly unit: string;
  readonly goal: string;
}

const ROWS: readonly Row[] = [
  seconds("seven machines Ready, once their image exists", (run) => run.machinesReady, "≤ 30 s"),
  seconds("up from nothing, images cached", (run) => run.up, "≤ 180 s"),
  seconds("up, nothing to do", (run) => run.noopUp, "≤ 8 s"),
  seconds("preview, nothing to do", (run) => run.preview, "≤ 8 s"),
  seconds("destroy", (run) => run.destroy, "≤ 30 s"),
  mebibytes(
    "memory of the idle cluster, page cache left out",
    (run) => run.memoryMiB,
    "≤ 3072 MiB",
  ),
  mebibytes("the same, as docker stats counts", (run) => run.memoryWithActiveFilesMiB, ""),
  seconds("services through up: create", (run) => run.servicesCreate, ""),
  seconds("services through docker stack deploy: create", (run) => run.deployCreate, ""),
  ratio("ratio", (run) => run.servicesCreate / run.deployCreate),
  seconds("services through up: nothing to do", (run) => run.servicesNoop, ""),
  seconds("services through docker stack deploy: nothing to do", (run) => run.deployNoop, ""),
  ratio("ratio", (run) => run.servicesNoop / run.deployNoop),
];

function seconds(what: string, of: Row["of"], goal: string): Row {
  return { what, of, unit: " s", goal };
}

function mebibytes(what: string, of: Row["of"], goal: string): Row {
  return { what, of, unit: " MiB", goal };
}

function ratio(what: string, of: Row["of"]): Row {
  return { what, of, unit: "", goal: "≤ 1" };
}

/** A table in Markdown: medians, with the least and the most of all runs. */
export function renderTable(results: readonly Measures[], machine: string): string {
  const rows = ROWS.map(({ what, of, unit, goal }) => {
    const values = results.map(of).sort((a, b) => a - b);
    const range = `${format(values[0], unit)} … ${format(values.at(-1), unit)}`;
    return [what, format(median(values), unit), range, goal];
  });
  return columns([`${results.length} runs on ${machine}`, "median", "least … most", "goal"], rows);
}

/** A table in Markdown whose columns are in line. */
export function columns(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, i) =>
    Math.max(...[heading, ...rows].map((row) => row[i]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |\n`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return line(heading) + rule + rows.map(line).join("");
}

/** The middle of sorted values, or the mean of the two in the middle. */
export function median(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error("no values");
  return (low + high) / 2;
}

function format(value: number | undefined, unit: string): string {
  if (value === undefined) return "";
  const digits = unit === " s" ? 1 : unit === "" ? 2 : 0;
  return `${value.toFixed(digits)}${unit}`;
}
