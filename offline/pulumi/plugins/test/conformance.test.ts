import { differences } from "./support/differences";
import { KNOWN_DIFFERENCES } from "./support/knownDifferences";
import { mask } from "./support/mask";
import type { Json } from "./support/protocol";
import { RECORDINGS, readRecording } from "./support/recordings";
import { World } from "./support/world";

/** What happened outside Pulumi between two recordings. */
const BETWEEN: Readonly<Record<string, (world: World) => void>> = {
  "05-refresh-drift": ({ engine }) => {
    engine.swarm.scale("surface-web", 1);
    engine.swarm.remove("tg5e5c2e93f3magcu856xuoel"); // everywhere
  },
  "16-refresh-after-loss": ({ engine }) => (engine.leaderless = true),
  "17-refresh-dead-host": (world) => world.killHost(),
};

describe("the plugins answer the recorded requests as the real ones did", () => {
  const found = new Map<string, number>();
  let same = 0;
  let different = 0;
  let world: World;

  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(() => world.destroy());

  test.each(RECORDINGS)("%s", async (name) => {
    BETWEEN[name]?.(world);
    const unexpected: string[] = [];
    for (const call of readRecording(name)) {
      const outcome = await world.replay(call);
      const real = { response: call.response ?? (call.error ? undefined : {}), error: call.error };
      const differing = differences(
        mask(real as Json),
        mask({ response: outcome.response, error: outcome.error }),
      );
      if (differing.length === 0) same++;
      else different++;
      for (const difference of differing) {
        const where = `${call.plugin} ${call.method} ${call.type}`.trim();
        const known = KNOWN_DIFFERENCES.find((entry) => entry.matches(where, difference));
        if (known) found.set(known.reason, (found.get(known.reason) ?? 0) + 1);
        else unexpected.push(`${where} ${call.name}: ${difference}`);
      }
    }
    expect(unexpected).toEqual([]);
  });

  test("all calls were replayed", () => {
    expect({ same, different }).toEqual({ same: 500, different: 41 });
  });

  test("every known difference still exists", () => {
    const gone = KNOWN_DIFFERENCES.filter(({ reason }) => !found.has(reason));
    expect(gone.map(({ reason }) => reason)).toEqual([]);
  });
});
