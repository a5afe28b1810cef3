import { get } from "node:http";

import type { RenderOptions } from "./options";
import { quote } from "./quote";

/** HAProxy's Prometheus exporter, on a socket inside the container. */
export function renderMetrics({ metricsSocket }: Pick<RenderOptions, "metricsSocket">): string[] {
  return [
    "frontend metrics",
    `    bind ${quote(`unix@${metricsSocket}`)} mode 600`,
    "    http-request use-service prometheus-exporter",
  ];
}

/** Without the servers: each service has at least as many slots as tasks, and each slot dozens of metrics. */
const DEFAULT_QUERY = "scope=global&scope=frontend&scope=backend";

/**
 * Reads HAProxy's metrics, in Prometheus's text format.
 * @param query the exporter's own parameters, such as `scope=server&no-maint`
 * @throws Error when HAProxy does not answer
 */
export function readHaproxyMetrics(
  metricsSocket: string,
  query = "",
  timeoutMs = 10_000,
): Promise<string> {
  const path = `/metrics?${query === "" ? DEFAULT_QUERY : query}`;
  return new Promise((resolve, reject) => {
    const request = get(
      { socketPath: metricsSocket, path, timeout: timeoutMs, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`HAProxy's exporter answered ${response.statusCode}`));
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error("HAProxy's exporter does not answer")));
    request.on("error", reject);
  });
}
