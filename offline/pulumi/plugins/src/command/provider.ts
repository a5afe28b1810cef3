import { checkInputs } from "../model/check";
import { diffInputs } from "../model/diff";
import type { ResourceModel } from "../model/model";
import type { Provider } from "../protocol/provider";
import { NotSupported } from "../protocol/provider";
import type { PropertyMap } from "../protocol/values";
import { hasUnknown, revealMap } from "../protocol/values";
import { commandResource } from "./commandResource";
import { runLocally } from "./local/run";
import type { RunArgs } from "./models";
import { localCommandModel, localRunModel, remoteCommandModel } from "./models";
import { copyToRemote } from "./remote/copyToRemote";
import { runRemotely } from "./remote/run";
import type { CommandResource } from "./resource";

/** The library that the real plugin is built with notes its version in the provider's inputs. */
const LIBRARY_VERSION = "v1.5.0";

const RESOURCES: Readonly<Record<string, CommandResource>> = {
  "command:local:Command": commandResource(localCommandModel, runLocally),
  "command:remote:Command": commandResource(remoteCommandModel, runRemotely),
  "command:remote:CopyToRemote": copyToRemote,
};

/** The `command` plugin: answers as pulumi-command 1.2.1 does, for the resources above and `local.run`. */
export function commandProvider(): Provider {
  return {
    version: "1.2.1",
    accepts: { secrets: true, resources: true, outputs: true, byteStrings: true },
    supportsAutonaming: false,
    handshakes: true,

    checkConfig: (news) => ({
      inputs: { ...news, "__pulumi-go-provider-version": LIBRARY_VERSION },
      failures: [],
    }),
    configure: () => Promise.resolve(),

    // eslint-disable-next-line @typescript-eslint/require-await -- an unknown type is to reject
    check: async (context, _olds, news) => check(resourceFor(context.type).model, news),

    // eslint-disable-next-line @typescript-eslint/require-await -- an unknown type is to reject
    diff: async (context, oldInputs, _olds, news, ignoreChanges) => ({
      ...diffInputs(resourceFor(context.type).model, oldInputs, news, ignoreChanges),
      inputDiff: false,
    }),

    create: async (context, inputs) => resourceFor(context.type).create(context, inputs),

    // There is nothing to look at: a command's effect is not the plugin's to know.
    read: (_context, id, inputs, properties) => Promise.resolve({ id, inputs, properties }),

    update: async (context, _id, _oldInputs, olds, news) =>
      resourceFor(context.type).update(context, olds, news),

    delete: async (context, _id, properties) =>
      resourceFor(context.type).delete(context, properties),

    async invoke(token, args, context) {
      if (token !== "command:local:run") throw new NotSupported(`the function ${token}`);
      if (hasUnknown(args)) return {};
      const { failures } = check(localRunModel, args);
      if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
      const { command, ...options } = revealMap(args) as unknown as RunArgs;
      const output = await runLocally(command, options, {}, context);
      return { ...args, ...output };
    },
  };
}

function check(model: ResourceModel, news: PropertyMap) {
  return checkInputs(model, news, { noteDefaults: false });
}

function resourceFor(type: string): CommandResource {
  const resource = RESOURCES[type];
  if (!resource) throw new NotSupported(`the resource type ${type}`);
  return resource;
}
