import { connect } from "./archive/connect";
import { dump } from "./archive/dump";
import { loadConfig } from "./config";
import { reason } from "./log";

/** Writes an archive of the store to stdout, and what is in it to stderr. */
async function backup(): Promise<void> {
  const config = loadConfig(process.env);
  const client = await connect(config);
  try {
    const end = await dump(client, config.setName, process.stdout, new Date());
    console.error(
      `${end.documents} documents of ${end.collections} collections, SHA-256 ${end.sha256}`,
    );
  } finally {
    await client.close();
  }
}

backup().catch((error: unknown) => {
  console.error(`the backup failed: ${reason(error)}`);
  process.exitCode = 1;
});
