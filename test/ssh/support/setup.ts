import { ephemeral } from "./workspace";
import { startHosts } from "./hosts";

/** Before the first file. */
export default async function setup(): Promise<void> {
  ephemeral.begin();
  await startHosts();
}
