/** What the files of these tests share without a word: the stack, and where it is. */
import { Ephemeral } from "../../e2e/support/ephemeral";
import { Project } from "../../e2e/support/project";
import { SwarmView } from "../../e2e/support/swarm";

export const stack = "hosts";

export const ephemeral = new Ephemeral("ssh", [stack]);
export const project = new Project(stack, ephemeral.place());
/** The hosts are named as machines that are containers would be. */
export const swarm = new SwarmView(stack);
