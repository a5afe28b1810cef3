import { join } from "node:path";

/** The Unix socket on which the control API answers inside the container. */
export function controlSocket(runDir: string): string {
  return join(runDir, "control.sock");
}
