import type { Context, Provider } from "../protocol/provider";
import { NotSupported, PartialFailure } from "../protocol/provider";
import { hasUnknown, revealMap } from "../protocol/values";
import { RegistryAuth } from "./auth";
import { checkConfig, diffConfig, readConfig } from "./config";
import { EngineClient } from "./engine/client";
import { parseEndpoint } from "./engine/endpoint";
import { getNetwork } from "./functions/getNetwork";
import { modelled } from "./modelled";
import type { Connection, ResourceHandler } from "./resource";
import { image } from "./resources/image";
import { network } from "./resources/network";
import { remoteImage } from "./resources/remoteImage";
import { secret } from "./resources/secret";
import { service } from "./resources/service";
import { serviceConfig } from "./resources/serviceConfig";
import { volume } from "./resources/volume";

/** The version of the SDK whose programs this plugin serves. */
const VERSION = "5.2.0";
/** How long an engine may take to answer the first time, in milliseconds. */
const PING_TIMEOUT_MS = 15_000;

const RESOURCES: Readonly<Record<string, ResourceHandler>> = {
  "docker:index/image:Image": image,
  "docker:index/network:Network": modelled(network),
  "docker:index/remoteImage:RemoteImage": modelled(remoteImage),
  "docker:index/secret:Secret": modelled(secret),
  "docker:index/service:Service": modelled(service),
  "docker:index/serviceConfig:ServiceConfig": modelled(serviceConfig),
  "docker:index/volume:Volume": modelled(volume),
};

/** The `docker` plugin: answers as pulumi-docker 5.x does, for the resources above. */
export function dockerProvider(): Provider {
  let connection: Connection | undefined;

  const operate = (context: Context) => {
    if (!connection) throw new Error("the docker provider has not been configured");
    return { ...connection, context };
  };

  return {
    version: VERSION,
    accepts: { secrets: false, resources: false, outputs: false, byteStrings: false },
    supportsAutonaming: true,
    handshakes: false,
    checkConfig,
    diffConfig,

    async configure(args) {
      const config = readConfig(args);
      const endpoint = parseEndpoint(config.endpoint);
      const engine = new EngineClient(endpoint);
      // Connections over ssh are dear; the first real call makes one anyway.
      if (endpoint.kind !== "ssh") await ping(engine, config.endpoint.host);
      connection = { engine, auth: new RegistryAuth(config.registryAuth) };
    },

    check: (context, olds, news, seed, autonaming) =>
      handlerFor(context.type).check(context, olds, news, seed, autonaming),

    // eslint-disable-next-line @typescript-eslint/require-await -- an unknown type is to reject
    diff: async (context, oldInputs, olds, news, ignoreChanges) =>
      handlerFor(context.type).diff(oldInputs, olds, news, ignoreChanges),

    create: (context, inputs) =>
      named("creating", context, async () => {
        const handler = handlerFor(context.type);
        if (context.preview) return { id: "", properties: handler.previewCreate(inputs) };
        return handler.create(operate(context), inputs);
      }),

    read: (context, id, inputs, properties) =>
      named("refreshing", context, () =>
        handlerFor(context.type).read(operate(context), id, inputs, properties),
      ),

    update: (context, id, oldInputs, olds, news) =>
      named("updating", context, async () => {
        const handler = handlerFor(context.type);
        if (context.preview) return handler.previewUpdate(olds, news, oldInputs);
        return handler.update(operate(context), id, oldInputs, olds, news);
      }),

    delete: (context, id, properties) =>
      named("deleting", context, () =>
        handlerFor(context.type).delete(operate(context), id, properties),
      ),

    async invoke(token, args, { signal }) {
      if (token !== "docker:index/getNetwork:getNetwork") {
        throw new NotSupported(`the function ${token}`);
      }
      if (hasUnknown(args)) return {};
      if (!connection) throw new Error("the docker provider has not been configured");
      try {
        return await getNetwork(connection, revealMap(args), signal);
      } catch (error) {
        throw new Error(`invoking ${token}: ${bulleted(error)}`, { cause: error });
      }
    },
  };
}

function handlerFor(type: string): ResourceHandler {
  const handler = RESOURCES[type];
  if (!handler) throw new NotSupported(`the resource type ${type}`);
  return handler;
}

async function ping(engine: EngineClient, host: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(PING_TIMEOUT_MS);
    // Not JSON: the engine just says OK.
    (await engine.stream({ method: "GET", path: "/_ping", signal })).resume();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      "docker native provider returned an unexpected error from Configure: " +
        `failed to connect to any docker daemon (${host}: ${why})`,
      { cause: error },
    );
  }
}

/** Says in an error what failed, the way the real plugin says it. */
async function named<T>(doing: string, context: Context, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    // An image's errors come without such a frame there.
    if (context.type === "docker:index/image:Image") throw error;
    const message = `${doing} ${context.urn}: ${bulleted(error)}`;
    if (!(error instanceof PartialFailure)) throw new Error(message, { cause: error });
    throw new PartialFailure(error.id, error.properties, error.inputs, message);
  }
}

function bulleted(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `1 error occurred:\n\t* ${message}\n\n`;
}
