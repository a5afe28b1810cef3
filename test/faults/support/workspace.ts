/** Which cluster the faults are injected into: one of the tests' own, or with FAULTS_STACK=name one that runs already. */
import { Ephemeral } from "../../e2e/support/ephemeral";
import { repository } from "../../e2e/support/clone";
import { Project } from "../../e2e/support/project";

/** A stack that this clone made, and that is left as it is found. */
export const running = process.env["FAULTS_STACK"];
export const stack = running ?? "faults";
export const ephemeral = new Ephemeral("faults", running === undefined ? [stack] : []);

const here = { folder: repository, env: {}, logs: ephemeral.artefacts };
export const project = new Project(stack, running === undefined ? ephemeral.place() : here);
