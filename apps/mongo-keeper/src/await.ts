import { ask } from "./ask";
import { objection } from "./objection";
import type { Status } from "./keeper";

/**
 * Exits with 0 if the keeper in this container says that it is so, and with 1 and the reason if not (yet):
 *   node dist/await.js settled MEMBERS USERS   the set is as these lists, separated by commas, say
 *   node dist/await.js calm HOST               the member HOST may be restarted
 */
const [what = "", ...details] = process.argv.slice(2);
ask("/status").then(
  ({ body }) => {
    const found = objection(JSON.parse(body) as Status, what, details, Date.now());
    if (found !== undefined) {
      console.error(found);
      process.exitCode = 1;
    }
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
