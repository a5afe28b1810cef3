/** Several ways to the same paths, loaded in turn. */
import { load, type LoadReport, type LoadSource } from "./load";

/** A load by one way. */
export interface WayReport extends LoadReport {
  /** Processor time that the proxies, or what was in their place, took for a request, in microseconds. */
  readonly cpu: number;
}

/** What one way to a path reached, each time that it was tried. */
export interface Way {
  readonly path: string;
  readonly way: "proxy" | "by hand, like for like" | "by hand, bare" | "direct";
  readonly reports: readonly WayReport[];
}

/** A way that is to be tried. */
export interface Plan {
  readonly path: string;
  readonly way: Way["way"];
  /** The address without the path. */
  readonly url: string;
  readonly source: LoadSource;
  /** Processor time used so far by what is measured, in microseconds. */
  readonly cpu: () => Promise<number>;
}

/** Loads every path by each way in turn, round by round, every other one backwards, after one that warms up. */
export async function loadInTurn(
  plans: readonly Plan[],
  rounds: number,
  say: (line: string) => void,
): Promise<Way[]> {
  const turns = plans.map((plan) => ({ plan, reports: [] as WayReport[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { plan, reports } of round % 2 === 0 ? turns : [...turns].reverse()) {
      const before = await plan.cpu();
      const report = await load(plan.source, `${plan.url}${plan.path}`);
      const cpu = ((await plan.cpu()) - before) / report.requests;
      if (round === 0) continue;
      reports.push({ ...report, cpu });
      const figures = `${report.requestsPerSecond.toFixed(0)} requests/s, p99 ${report.p99} ms, ${cpu.toFixed(0)} µs`;
      say(`${plan.path}, ${plan.way}: ${figures}`);
    }
  }
  return turns.map(({ plan: { path, way }, reports }) => ({ path, way, reports }));
}
