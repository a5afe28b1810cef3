import { reason } from "./log";
import { send } from "./request";

/*
 * Asks the companion of this container: `docker exec TASK node dist/ask.js status`. Prints the answer; ends with 1 unless
 * that is a 200.
 */

const path = `/v1/letsencrypt-companion/${process.argv[2] ?? "status"}`;

send({ host: "127.0.0.1", port: Number(process.env["PORT"] || 8080), path }).then(
  ({ status, text }) => {
    process.stdout.write(text);
    if (status !== 200) fail(`answered ${status}`);
  },
  (error: unknown) => fail(reason(error)),
);

function fail(why: string): void {
  process.stderr.write(`${path}: ${why}\n`);
  process.exitCode = 1;
}
