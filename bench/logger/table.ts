import { columns, median } from "../table";
import type { LineCost, LoggerMeasures, LoggerWay } from "./index";
import type { RequestReport } from "./load";

/** A table in Markdown: medians; ratios to the first way are taken round by round. */
export function renderLoggerTable(
  { ways, lines, requests, found }: LoggerMeasures,
  machine: string,
): string {
  const [first] = ways;
  const middle = ({ reports }: LoggerWay, of: (report: RequestReport) => number): number =>
    median(reports.map(of).sort((a, b) => a - b));
  const ratio = (way: LoggerWay, of: (report: RequestReport) => number): string => {
    if (way === first) return "";
    const values = way.reports.map((report, i) => {
      const rival = first?.reports[i];
      return rival === undefined ? NaN : of(report) / of(rival);
    });
    return median(values.sort((a, b) => a - b)).toFixed(2);
  };
  const table = columns(
    [
      `${first?.reports.length} rounds on ${machine}`,
      ...["CPU a request", "ratio", "p50", "ratio", "p99", "ratio"],
    ],
    ways.map((way) => [
      way.way,
      `${middle(way, ({ cpuMicroseconds }) => cpuMicroseconds).toFixed(0)} µs`,
      ratio(way, ({ cpuMicroseconds }) => cpuMicroseconds),
      `${middle(way, ({ p50 }) => p50).toFixed(2)} ms`,
      ratio(way, ({ p50 }) => p50),
      `${middle(way, ({ p99 }) => p99).toFixed(2)} ms`,
      ratio(way, ({ p99 }) => p99),
    ]),
  );
  const line = (of: (cost: LineCost) => number): string =>
    `${median(lines.map(of).sort((a, b) => a - b)).toFixed(1)} µs`;
  const perLine = columns(
    [`CPU a line, ${lines.length} rounds`, "console alone", "and Logstash", "difference"],
    [["", line(({ alone }) => alone), line(({ both }) => both), line((c) => c.both - c.alone)]],
  );
  return `${table}\n${perLine}\nOf ${requests} requests for the page, ${found} lines were found.\n`;
}
