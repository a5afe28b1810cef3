import { ephemeral } from "./workspace";

/** After the last file. */
export default function teardown(): void {
  ephemeral.end();
}
