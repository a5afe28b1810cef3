/** Where a run of these tests lives. One run at a time has this machine's clusters. */
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The cluster that the tests share, in full size. */
export const stack = "e2e";
/** A small one, whose `up` is cut off again and again. */
export const cutStack = "e2e-cut";
/** One that is never made, as its configuration is refused. */
export const refusedStack = "e2e-refused";

export const stacks = [stack, cutStack, refusedStack] as const;

/** The working tree that is tested. */
export const repository = resolve(__dirname, "../../..");

/** Everything that a run writes, but for the artefacts; removed when it ends. */
export const workspace = join(tmpdir(), "swarm-e2e");

/** The clone that the cluster is made from, whose sources the tests edit. */
export const cloneFolder = join(workspace, "clone");

/** The process number of the run that has the workspace. */
export const ownerFile = join(workspace, "owner.pid");

/** There once the cluster is up: without it there is nothing to test. */
export const clusterMarker = join(workspace, "cluster-is-up");

/** Logs and screenshots; kept, and not committed. */
export const artefacts = join(repository, "artefacts", "e2e");

/** In the environment of everything that a run starts, so that what is left over can be found. */
export const runMark = { SWARM_E2E_RUN: "1" } as const;

/**
 * What has a project of this run keep its stacks in the workspace, as a user without a Pulumi login
 * would have them in his home, whatever this machine's user has.
 */
const ownState: Readonly<Record<string, string | undefined>> = {
  XDG_DATA_HOME: join(workspace, "data"),
  PULUMI_CREDENTIALS_PATH: join(workspace, "no-login"),
  PULUMI_BACKEND_URL: undefined,
  PULUMI_CONFIG_PASSPHRASE: undefined,
  PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
};

/** The clone, or another one with the same stacks. */
export const place = (folder: string = cloneFolder) => ({
  folder,
  env: ownState,
  logs: artefacts,
});
