/**
 * Prints the stacks of a computer, from what scripts/list found: `stacks.ts FOLDER RECORDS`. The folder has `stacks`, those of the
 * backend as Pulumi lists them, and, a line each with tabs between, `containers` and `memory`; the records are scripts/ephemeral's.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { columns } from "./columns";

export interface Found {
  /** Names of the stacks that the backend knows; on Pulumi Cloud with the organisation before them. */
  readonly known: readonly string[];
  readonly containers: readonly Container[];
  /** Bytes, by the container's name. */
  readonly memory: ReadonlyMap<string, number>;
  readonly ephemeral: ReadonlyMap<string, Ephemeral>;
}

export interface Container {
  readonly name: string;
  readonly stack: string;
  /** Of a machine; empty for what is beside the machines. */
  readonly role: string;
  readonly state: string;
  readonly created: Date;
}

export interface Ephemeral {
  readonly until: Date;
  /** Whether it goes before that, when the command ends that it was made for. */
  readonly hasRun: boolean;
}

/** A table with a line for each stack. */
export function list({ known, containers, memory, ephemeral }: Found, now: Date): string {
  const names = new Set([
    ...known.map((name) => name.split("/").at(-1) ?? name),
    ...containers.map(({ stack }) => stack),
    ...ephemeral.keys(),
  ]);
  if (names.size === 0) return "There is no stack: 'make up' makes one.\n";
  const rows = [...names].sort().map((name) => {
    const own = containers.filter(({ stack }) => stack === name);
    const machines = own.filter(({ role }) => role !== "");
    const running = machines.filter(({ state }) => state === "running");
    const bytes = own.reduce((sum, { name }) => sum + (memory.get(name) ?? 0), 0);
    const oldest = Math.min(...own.map(({ created }) => created.getTime()));
    return [
      name,
      `${running.length}/${machines.length}`,
      own.length === 0 ? "-" : `${Math.round(bytes / 2 ** 20)} MiB`,
      own.length === 0 ? "-" : span(now.getTime() - oldest),
      ends(ephemeral.get(name), now),
    ];
  });
  return `${columns([["STACK", "MACHINES", "MEMORY", "AGE", "GOES"], ...rows], "  ")}\n`;
}

function ends(record: Ephemeral | undefined, now: Date): string {
  if (record === undefined) return "never";
  const left = record.until.getTime() - now.getTime();
  if (left <= 0) return "is over: make reap";
  return record.hasRun ? `with its command, in ${span(left)} at most` : `in ${span(left)}`;
}

/** "5 min", "3 h 20 min", "2 d 4 h". */
function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 min";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Bytes of "431.5MiB / 1GiB", as `docker stats` prints them; of what has just stopped, "-- / --". @throws when it is something else */
export function bytesOf(usage: string): number {
  if (usage.startsWith("--")) return 0;
  const [, number, unit = ""] = /^([\d.]+)([KMG]?i?B)/.exec(usage) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined) throw new Error(`no memory usage: ${usage}`);
  return Number(number) * factor;
}

/** What `docker container ls` prints: `2026-11-21 23:38:14 +0000 UTC`. */
export const createdAt = (text: string): Date =>
  new Date(text.replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d).*$/, "$1T$2$3:$4"));

function read(folder: string, records: string): Found {
  const text = (file: string): string =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "";
  const rows = (file: string): string[][] =>
    text(file)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"));
  const stacks = JSON.parse(text("stacks") || "[]") as { readonly name: string }[];
  const names = existsSync(records)
    ? readdirSync(records).filter((name) => !name.startsWith("."))
    : [];
  return {
    known: stacks.map(({ name }) => name),
    containers: rows("containers").map(
      ([name = "", stack = "", role = "", state = "", created = ""]) => ({
        ...{ name, stack, role, state },
        created: createdAt(created),
      }),
    ),
    memory: new Map(rows("memory").map(([name = "", usage = ""]) => [name, bytesOf(usage)])),
    ephemeral: new Map(
      names.map((name) => {
        const record = readFileSync(join(records, name), "utf8");
        const until = new Date(Number(/^until=(\d+)$/m.exec(record)?.[1]) * 1000);
        return [name, { until, hasRun: /^attached=yes$/m.test(record) }];
      }),
    ),
  };
}

if (require.main === module) {
  const [folder = "", records = ""] = process.argv.slice(2);
  process.stdout.write(list(read(folder, records), new Date()));
}
