import { connect } from "./archive/connect";
import { ArchiveError } from "./archive/format";
import { restoreFrom } from "./archive/restore";
import { loadConfig } from "./config";
import { reason } from "./log";

/**
 * Restores the archive on stdin. It is read to its end first: of one that is not whole, nothing is restored.
 *   node dist/restore.js --check    reads it only
 */
const toStore = process.argv[2] === "--check" ? undefined : () => connect(loadConfig(process.env));

restoreFrom(process.stdin, toStore).then(
  ({ documents, collections }) => {
    console.error(`${documents} documents of ${collections} collections`);
  },
  (error: unknown) => {
    const what = error instanceof ArchiveError ? "the archive" : "the restore failed:";
    console.error(`${what} ${reason(error)}`);
    process.exitCode = 1;
  },
);
