import { eventually } from "../e2e/support/eventually";
import { inARow } from "../e2e/support/page";
import { outputs, settled, swarm } from "./support/cluster";
import { expectAllServed, type Outcome, underLoad } from "./support/fault";
import { createService, type OwnService } from "./support/service";

beforeAll(settled);
afterAll(() => swarm.docker("service", "rm", "careful", "careless").catch(() => ""));

/** What these tests are worth: the same update, load and eyes on a service of one task with the care, and without it. */
describe("a rolling update of a single task", () => {
  async function update(service: OwnService, name: string): Promise<Outcome> {
    const url = `${(await outputs()).proxyUrl}/${service.name}`;
    await createService(service);
    await eventually("its page from every proxy", { withinMs: 60_000 }, () =>
      inARow(url, 12, ({ status }) => status === 200),
    );
    return underLoad({
      ...{ name, url, times: 1 },
      async inject() {
        await swarm.docker("service", "update", "--force", "--quiet", service.name);
      },
    });
  }

  test("fails no request with a drain delay, and a new task started first", async () => {
    const service: OwnService = { name: "careful", replicas: 1, updateOrder: "start-first" };
    await expectAllServed(await update(service, "a single task updated"));
  });

  test("does fail requests without them", async () => {
    const env = { DRAIN_DELAY_MS: "0" };
    const service: OwnService = { name: "careless", replicas: 1, env, updateOrder: "stop-first" };
    const { report } = await update(service, "negative control: no drain delay, stop-first");
    expect(report.exchanges.length).toBeGreaterThan(500);
    expect(report.failures.length).toBeGreaterThan(0);
  });
});
