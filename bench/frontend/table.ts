import { columns, median } from "../table";
import type { FrontendMeasures } from "./index";
import type { Way, WayReport } from "./turns";

/** A table in Markdown: medians; ratios are taken round by round. */
export function renderFrontendTable({ ways, many }: FrontendMeasures, machine: string): string {
  const at500 = columns(
    ["500 services with routes", "figure", "least … most", "goal"],
    [
      [
        "a change of a label, until every proxy routes by it",
        `${middle(many.changes).toFixed(2)} s`,
        `${Math.min(...many.changes).toFixed(2)} s … ${Math.max(...many.changes).toFixed(2)} s`,
        "≤ 2 s",
      ],
      ["memory of a proxy", `${many.proxyMiB.toFixed(0)} MiB`, "", "≤ 150 MiB"],
      ["memory of the listener", `${many.listenerMiB.toFixed(0)} MiB`, "", "≤ 150 MiB"],
    ],
  );
  return `${renderWays(ways, machine)}\n${at500}`;
}

/** The same for the ways alone. */
export function renderWays(ways: readonly Way[], machine: string): string {
  const ratio = (way: Way, rival: Way["way"], of: keyof WayReport): string => {
    const other = ways.find((one) => one.path === way.path && one.way === rival);
    if (other === undefined || other === way || way.way === "direct") return "";
    return middle(
      way.reports.map((report, i) => report[of] / (other.reports[i]?.[of] ?? NaN)),
    ).toFixed(2);
  };
  const figure = (way: Way, of: keyof WayReport, digits: number): string =>
    middle(way.reports.map((report) => report[of])).toFixed(digits);
  return columns(
    [
      `${ways[0]?.reports.length} rounds on ${machine}`,
      ...["requests/s", "to like for like", "to bare", "p50", "p99"],
      ...["proxies' CPU a request", "to like for like", "to bare"],
    ],
    ways.map((way) => [
      `${way.path}, ${way.way}`,
      figure(way, "requestsPerSecond", 0),
      ratio(way, "by hand, like for like", "requestsPerSecond"),
      ratio(way, "by hand, bare", "requestsPerSecond"),
      `${figure(way, "p50", 1)} ms`,
      `${figure(way, "p99", 1)} ms`,
      way.way === "direct" ? "" : `${figure(way, "cpu", 0)} µs`,
      ratio(way, "by hand, like for like", "cpu"),
      ratio(way, "by hand, bare", "cpu"),
    ]),
  );
}

const middle = (values: readonly number[]): number => median([...values].sort((a, b) => a - b));
