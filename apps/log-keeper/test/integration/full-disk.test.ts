import { eventually, Logging } from "./containers";

const DATA = "/usr/share/elasticsearch/data";
const DISK_MIB = 1_600;
/** What is left when the disk is full. */
const LEFT_MIB = 60;

const logging = new Logging();
beforeAll(async () => {
  // In memory, which is the container's as well.
  const disk = `${DATA}:size=${DISK_MIB}m,uid=1000,gid=1000`;
  await logging.start(["--memory", "2600m", "--tmpfs", disk]);
  await eventually(
    async () => ((await health()).includes('"settled"') ? true : undefined),
    "settled",
  );
  // It looks at its disk every 30 s otherwise.
  const settings = { persistent: { "cluster.info.update.interval": "10s" } };
  await logging.ask("/_cluster/settings", settings, undefined, undefined, "PUT");
}, 300_000);
afterAll(() => logging.remove());

const health = () => logging.exec("log-keeper", "node", "dist/healthcheck.js");
const onElasticsearch = (script: string) => logging.exec("elasticsearch", "sh", "-ec", script);

const lines = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      event_id: `${prefix}-${i}`,
      timestamp: new Date().toISOString(),
      app: "app1",
    }),
  )
    .map((line) => `${line}\n`)
    .join("");

const count = async (): Promise<unknown> =>
  (await logging.ask("/logs-swarm-*/_count")).body["count"];

const isBlocked = async (): Promise<boolean> => {
  const path = "/logs-swarm-default/_settings/index.blocks.read_only_allow_delete";
  return JSON.stringify((await logging.ask(path)).body).includes('"true"');
};

test("on a full disk the keeper says so, lines wait, and none is lost once there is room", async () => {
  await logging.send(lines("before", 1_000));
  await eventually(async () => ((await count()) === 1_000 ? true : undefined), "1000 lines");

  await onElasticsearch(
    `free=$(df -m --output=avail ${DATA} | tail -n 1); fallocate -l $((free - ${LEFT_MIB}))M ${DATA}/filler`,
  );
  await eventually(async () => ((await isBlocked()) ? true : undefined), "no more lines taken");
  await logging.send(lines("during", 5_000));
  const said = await eventually(async () => {
    const text = await health();
    return text.includes('"failing"') ? text : undefined;
  }, "a word of the keeper");
  expect(said).toMatch(/has \d+ MiB of disk left/);
  expect(await count()).toBe(1_000);

  await onElasticsearch(`rm ${DATA}/filler`);
  await eventually(async () => ((await count()) === 6_000 ? true : undefined), "6000 lines");
  expect(await isBlocked()).toBe(false);
  await eventually(
    async () => ((await health()).includes('"settled"') ? true : undefined),
    "settled",
  );
});
