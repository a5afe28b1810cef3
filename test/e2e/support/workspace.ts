/** What the files of these tests share without a word: the names of the stacks, and where they are. */
import { join } from "node:path";
import { Ephemeral } from "./ephemeral";

/** The cluster that the tests share, in full size. */
export const stack = "e2e";
/** A small one, whose `up` is cut off again and again. */
export const cutStack = "e2e-cut";
/** One that is never made, as its configuration is refused. */
export const refusedStack = "e2e-refused";
/** One that goes with a command. */
export const pullRequestStack = "e2e-pr";

export const ephemeral = new Ephemeral("e2e", [stack, cutStack, refusedStack, pullRequestStack]);

/** There once the cluster is up: without it there is nothing to test. */
export const clusterMarker = join(ephemeral.workspace, "cluster-is-up");
