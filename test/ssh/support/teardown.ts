import { ephemeral } from "./workspace";
import { forgetHosts } from "./hosts";

/** After the last file, whatever came of it. */
export default async function teardown(): Promise<void> {
  ephemeral.end();
  await forgetHosts();
}
