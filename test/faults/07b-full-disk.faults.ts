import { setTimeout as pause } from "node:timers/promises";
import { docker } from "../e2e/support/engine";
import { eventually } from "../e2e/support/eventually";
import { note } from "../e2e/support/note";
import { project } from "./support/workspace";
import { inside, machine, settled } from "./support/cluster";
import { expectAllServed, underLoad } from "./support/fault";
import { loggingRuns, without } from "./support/logging";
import { account, index, sent } from "./support/logLedger";

const LOGGER = "logger-1";
const VOLUME = "elasticsearch";
const FILLER = `/var/lib/docker/volumes/${VOLUME}/_data/filler`;
/** More than Elasticsearch wants free, which is 2 GB before it takes new lines; in memory, of which as much is used as is written. */
const DISK_MIB = 2_600;
/** What is left when the disk is full: less than the 500 MB at which Elasticsearch takes no more lines. */
const LEFT_MIB = 60;
/** How long lines are written that nobody can take. */
const FULL_MS = 15_000;
const DRAINED_WITHIN_MS = 120_000;

/** Gives Elasticsearch an empty volume, and so loses the log that the stack had; `options` are those of `docker volume create`. */
async function onVolume(...options: string[]): Promise<void> {
  await without(VOLUME, async () => {
    await eventually("the volume unused", { withinMs: 60_000 }, async () => {
      // A container that ended keeps it.
      await docker("exec", machine(LOGGER), "docker", "container", "prune", "--force");
      return inside(LOGGER, "volume", "rm", "--force", VOLUME);
    });
    await inside(LOGGER, "volume", "create", ...options, VOLUME);
  });
  await loggingRuns();
  await keeperSays("SETTLED");
}

/** Waits for a word in what `make status` says of logging. @returns that line */
const keeperSays = (word: string): Promise<string> =>
  eventually(`logging ${word} in make status`, { withinMs: 180_000, everyMs: 2_000 }, async () => {
    const { stdout } = await project.make("status");
    const [, logs = ""] = stdout.split(/^LOGS$/m);
    return logs.split("\n").find((line) => line.toUpperCase().includes(word));
  });

const TIMEOUT_MS = 15 * 60_000;

beforeAll(async () => {
  await settled();
  await loggingRuns();
  const options = `size=${DISK_MIB}m,uid=1000,gid=1000`;
  await onVolume(...["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", `o=${options}`]);
  // It looks at its disk every 30 s otherwise.
  const often = { persistent: { "cluster.info.update.interval": "10s" } };
  await index.ask("/_cluster/settings", often, "PUT");
}, TIMEOUT_MS);
afterAll(() => onVolume(), TIMEOUT_MS);

test(
  "a full log disk fails no request, is told by make status, and loses no line",
  async () => {
    const since = new Date();
    let told = "";
    const outcome = await underLoad({
      name: "log disk full",
      times: 1,
      async inject() {
        const fill = `free=$(df -m --output=avail "$(dirname ${FILLER})" | tail -n 1) && fallocate -l $((free - ${LEFT_MIB}))M ${FILLER}`;
        await docker("exec", machine(LOGGER), "sh", "-ec", fill);
        try {
          told = await keeperSays("FAILING");
          // This is the fault.
          await pause(FULL_MS);
        } finally {
          await docker("exec", machine(LOGGER), "rm", FILLER);
        }
        await keeperSays("SETTLED");
      },
    });
    const found = await account(outcome.report.exchanges, since, DRAINED_WITHIN_MS);
    note(
      `${found.accepted} lines accepted, ${found.missing.length} not found, ${found.twice.length} found twice; ` +
        `the last was found ${Math.round(found.foundAfterMs)} ms after the load. make status: ${told.trim()}`,
    );
    expect(told).toMatch(/\d+ MiB of disk left/);
    expect(found.missing.slice(0, 10)).toEqual([]);
    expect(found.twice.slice(0, 10)).toEqual([]);
    expect((await sent()).dropped).toBe(0);
    await expectAllServed(outcome);
  },
  TIMEOUT_MS,
);
