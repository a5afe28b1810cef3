import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { connect } from "./archive/connect";
import { readArchive } from "./archive/format";
import { restore } from "./archive/restore";
import { loadConfig } from "./config";
import { reason } from "./log";

/**
 * Restores the archive on stdin. It is read to its end first: of one that is not whole, nothing is restored.
 *   node dist/restore.js --check    reads it only
 */
async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  const file = join(folder, "archive");
  try {
    await pipeline(process.stdin, createWriteStream(file, { mode: 0o600 }));
    const checked = await readArchive(createReadStream(file), { entry: () => undefined });
    if (process.argv[2] !== "--check") {
      const client = await connect(loadConfig(process.env));
      try {
        await restore(client, () => createReadStream(file));
      } finally {
        await client.close();
      }
    }
    console.error(`${checked.documents} documents of ${checked.collections} collections`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

run().catch((error: unknown) => {
  console.error(`the archive ${reason(error)}`);
  process.exitCode = 1;
});
