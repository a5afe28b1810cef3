import { ask } from "./ask";
import type { Status } from "./keeper";

/**
 * Prints the set's state: `docker exec KEEPER node dist/status.js` as JSON, with `--text` for a person.
 */
ask("/status").then(
  ({ body }) => process.stdout.write(process.argv[2] === "--text" ? textOf(body) : body),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

function textOf(body: string): string {
  const { members, state, reason, users } = JSON.parse(body) as Status;
  const width = Math.max(...members.map(({ host }) => host.length));
  const lines = members.map((member) => `${member.host.padEnd(width)}   ${member.state}`);
  const accounts = users.length > 0 ? [`users: ${users.join(", ")}`] : [];
  return [...lines, `${state}: ${reason}`, ...accounts, ""].join("\n");
}
