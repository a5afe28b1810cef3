import { randomBytes } from "node:crypto";
import type { ResourceModel } from "../model/model";
import type { Context } from "../protocol/provider";
import type { PropertyMap } from "../protocol/values";
import { UNKNOWN, isAbsent, revealMap, textOf } from "../protocol/values";
import type { CommandOutput } from "./output";
import type { CommandResource } from "./resource";

/** What both kinds of command have in common. */
export interface CommandArgs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
}

/** Runs one command of a resource. */
export type Runner<Args extends CommandArgs> = (
  command: string,
  args: Args,
  previous: Partial<CommandOutput>,
  context: Context,
) => Promise<CommandOutput>;

/** A made-up id: the resource's name and eight digits. */
export function newId(name: string): string {
  return name + randomBytes(4).toString("hex");
}

/**
 * A resource that is what its commands do: `create` when it comes, `update` (or else `create` again) when its
 * inputs change, `delete` when it goes. Its output is stored as it is, secret or not.
 */
export function commandResource<Args extends CommandArgs>(
  model: ResourceModel<Args>,
  run: Runner<Args>,
): CommandResource {
  const plain = (inputs: PropertyMap) => revealMap(inputs) as unknown as Args;
  return {
    model: model,

    async create(context, inputs) {
      const id = newId(context.name);
      const args = plain(inputs);
      if (context.preview) {
        return { id, properties: { ...inputs, ...foreseen(args.create, {}) } };
      }
      const output =
        args.create === undefined
          ? { stdout: "", stderr: "" }
          : await run(args.create, args, {}, context);
      return { id, properties: { ...inputs, ...output } };
    },

    async update(context, olds, news) {
      const args = plain(news);
      const previous = outputOf(olds);
      const command = args.update ?? args.create;
      if (context.preview) return { ...news, ...foreseen(command, previous) };
      const output = command === undefined ? previous : await run(command, args, previous, context);
      return { ...news, ...output };
    },

    async delete(context, state) {
      const args = plain(state);
      if (args.delete !== undefined) await run(args.delete, args, outputOf(state), context);
    },
  };
}

/** What a preview can say of the output: nothing, unless no command will run. */
function foreseen(command: string | undefined, previous: Partial<CommandOutput>): PropertyMap {
  return command === undefined
    ? { stdout: previous.stdout ?? "", stderr: previous.stderr ?? "" }
    : { stdout: UNKNOWN, stderr: UNKNOWN };
}

function outputOf(state: PropertyMap): CommandOutput {
  const { stdout, stderr } = revealMap(state);
  return {
    stdout: isAbsent(stdout) ? "" : textOf(stdout),
    stderr: isAbsent(stderr) ? "" : textOf(stderr),
  };
}
