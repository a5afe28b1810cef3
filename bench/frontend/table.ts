import { columns, median } from "../table";
import type { FrontendMeasures } from "./index";
import type { Way } from "./ways";

/** A table in Markdown: medians; ratios are taken round by round. */
export function renderFrontendTable({ ways, many }: FrontendMeasures, machine: string): string {
  const ratio = (way: Way): string => {
    const rival = ways.find(({ path, way: name }) => path === way.path && name === "by hand");
    if (rival === undefined || rival === way) return "";
    const values = way.reports.map(
      ({ requestsPerSecond }, i) =>
        requestsPerSecond / (rival.reports[i]?.requestsPerSecond ?? NaN),
    );
    return middle(values).toFixed(2);
  };
  const throughput = columns(
    [`${ways[0]?.reports.length} rounds on ${machine}`, "requests/s", "to by hand", "p50", "p99"],
    ways.map((way) => [
      `${way.path}, ${way.way}`,
      middle(way.reports.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0),
      ratio(way),
      `${middle(way.reports.map(({ p50 }) => p50)).toFixed(1)} ms`,
      `${middle(way.reports.map(({ p99 }) => p99)).toFixed(1)} ms`,
    ]),
  );
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
  return `${throughput}\n${at500}`;
}

const middle = (values: readonly number[]): number => median([...values].sort((a, b) => a - b));
