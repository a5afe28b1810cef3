import { project, requireCluster } from "./support/cluster";
import { lines } from "./support/engine";
import { eventually } from "./support/eventually";

beforeAll(requireCluster);

describe("make status", () => {
  test("shows nodes, services, tasks, routes and certificates, once every proxy has them", async () => {
    const shown = await eventually("one view of all proxies", { withinMs: 120_000 }, async () => {
      const text = await status();
      const found = sections(text);
      return found.has("ROUTES") && text.includes("\nsettled: ") ? found : undefined;
    });
    expect([...shown.keys()]).toEqual(
      expect.arrayContaining(["NODES", "SERVICES", "TASKS", "ROUTES", "REFUSED", "CERTIFICATES"]),
    );
    expect(shown.get("NODES")?.filter((line) => / Ready /.test(line))).toHaveLength(7);
    expect(shown.get("SERVICES")?.some((line) => /^app1 .* 3\/3 /.test(line))).toBe(true);
    expect(shown.get("TASKS")?.filter((line) => /^app1\.\d .* Running /.test(line))).toHaveLength(
      3,
    );
    expect(shown.get("ROUTES")).toContainEqual(expect.stringMatching(/^app1 +any +\/app1 +8080$/));
    expect(shown.get("REFUSED")).toEqual(["none"]);
    expect(shown.get("LOGS")?.[0]).toMatch(/^settled: .* is as it should be$/);
    const logging = shown.get("LOGS")?.filter((line) => /^app1\.\d\.\S+ +\d+ +0 +\d+$/.test(line));
    expect(logging).toHaveLength(3);
  });
});

const status = async (): Promise<string> => (await project.make("status")).stdout;

/** The lines below each heading. */
function sections(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines(text)) {
    if (/^[A-Z]+( of .*)?$/.test(line)) found.set(line, (current = []));
    else current.push(line);
  }
  return found;
}
