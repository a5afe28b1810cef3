import { mkdirSync, rmSync } from "node:fs";
import { ephemeral, project, running } from "./workspace";

/** Before the first file: a cluster. */
export default async function setup(): Promise<void> {
  if (running === undefined) {
    ephemeral.begin();
    await project.make("up");
  } else {
    rmSync(ephemeral.artefacts, { recursive: true, force: true });
    mkdirSync(ephemeral.artefacts, { recursive: true });
  }
}
