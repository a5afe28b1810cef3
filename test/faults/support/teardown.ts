import { printTable } from "./results";
import { ephemeral, running } from "./workspace";

/** After the last file. */
export default function teardown(): void {
  printTable();
  if (running === undefined) ephemeral.end();
}
