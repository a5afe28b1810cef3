/** Why requests failed, in the words of the application that answered them. */
import { eventually } from "./eventually";
import type { LoadReport } from "./load";
import type { LogIndex } from "./logIndex";

/** As many are looked up: they are mostly of one cause. */
const MOST = 20;

/**
 * What failed of a load, and what the log has from `warn` up of those requests, from tasks and nodes that are gone, too. Where
 * the log cannot be asked, it says so and why.
 */
export async function failuresWithCause(
  index: LogIndex,
  { failures, exchanges }: LoadReport,
): Promise<readonly string[]> {
  const ids = exchanges
    .flatMap(({ failure, proxyId }) => (failure !== undefined && proxyId ? [proxyId] : []))
    .slice(0, MOST);
  if (ids.length === 0) return failures;
  const filter = [{ terms: { requestId: ids } }, { terms: { level: ["warn", "error"] } }];
  try {
    const said = await eventually("the log's word on them", { withinMs: 30_000 }, async () => {
      const found = await index.find({ bool: { filter } });
      return found.length > 0 ? found : undefined;
    });
    return [...said.map((line) => JSON.stringify(line)), ...failures];
  } catch (error) {
    return [`no cause is known: ${String(error)}`, ...failures];
  }
}
