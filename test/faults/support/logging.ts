/** The logging tier, as faults meet it. */
import { eventually } from "../../e2e/support/eventually";
import { containersOf, loggers, swarm } from "./cluster";
import { index } from "./logLedger";

/** Waits until every part of the tier runs, and Elasticsearch answers. */
export async function loggingRuns(): Promise<void> {
  await eventually("the logging tier", { withinMs: 180_000 }, async () => {
    for (const name of ["elasticsearch", "logstash", "kibana", "log-keeper"]) {
      if (!(await swarm.runningTasks(name, 1))) return undefined;
    }
    await index.ask("/_cluster/health");
    return true;
  });
}

/** Does something while a service of the tier has no task; afterwards it is told to have one again. */
export async function without(service: string, act: () => Promise<unknown>): Promise<void> {
  await swarm.docker("service", "scale", "--detach", `${service}=0`);
  try {
    await eventually(`no ${service}`, { withinMs: 120_000 }, async () =>
      (await containersOf(service, loggers)).length === 0 ? true : undefined,
    );
    await act();
  } finally {
    await swarm.docker("service", "scale", "--detach", `${service}=1`);
  }
}
