import { isMap } from "../../protocol/values";
import type { PropertyMap } from "../../protocol/values";
import type { RegistryCredentials } from "../auth";
import { authHeader } from "../auth";
import { isNotFound } from "../engine/client";
import type { ServiceInspect, ServiceSpec } from "../engine/types";
import type { EngineResource, Live, Operation } from "../resource";
import { askUntil } from "../retry";
import type { Rollout } from "../service/converge";
import { ConvergenceFailure, converge } from "../service/converge";
import { serviceState } from "../service/live";
import type { ServiceArgs } from "../service/model";
import { serviceModel } from "../service/model";
import { removeService } from "../service/remove";
import { pinImage } from "../service/pin";
import { serviceSpecOf } from "../service/spec";

/** How long the swarm may take to give a new service its ports, in milliseconds. */
const ALLOCATE_TIMEOUT_MS = 10_000;

/** `docker.Service`: a swarm service. */
export const service: EngineResource<ServiceArgs> = {
  model: serviceModel,

  async create(operation, args) {
    const { engine, context } = operation;
    const credentials = credentialsFor(operation, args);
    const spec = await pinImage(operation, serviceSpecOf(args, undefined), credentials, {
      isNew: true,
    });
    const { ID: serviceId } = await engine.json<{ ID: string }>({
      method: "POST",
      path: "/services/create",
      headers: authHeader(credentials),
      // An abort would part what the engine has made from what the state knows of: it is heeded afterwards.
      body: spec,
    });
    if (args.convergeConfig) {
      await convergeNew(operation, serviceId, args);
    }
    const { signal } = context;
    const found = await askUntil(isAllocated, { timeoutMs: ALLOCATE_TIMEOUT_MS, signal }, () =>
      inspectService(operation, serviceId),
    );
    return { id: found.ID, properties: serviceState(found) };
  },

  async read(operation, id) {
    try {
      return await readService(operation, id);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },

  async update(operation, id, args, oldArgs) {
    const before = await inspectService(operation, id);
    const credentials = credentialsFor(operation, args);
    const spec = await updatedSpec(operation, before, args, oldArgs, credentials);
    await operation.engine.json({
      method: "POST",
      path: `/services/${id}/update`,
      query: { version: before.Version.Index },
      headers: authHeader(credentials),
      signal: operation.context.signal,
      body: spec,
    });
    if (args.convergeConfig) {
      await withLive(operation, { serviceId: id, before }, args.convergeConfig);
    }
    return readService(operation, id);
  },

  delete: (operation, id, state) => removeService(operation, id, gracePeriodOf(state)),
};

/** A new service that never gets to run is taken away again; one whose creation is interrupted stays, and is known. */
async function convergeNew(
  operation: Operation,
  serviceId: string,
  args: ServiceArgs,
): Promise<void> {
  try {
    await withLive(operation, { serviceId, before: undefined }, args.convergeConfig ?? {});
  } catch (error) {
    if (!(error instanceof ConvergenceFailure) || operation.context.signal.aborted) throw error;
    await removeService(operation, serviceId, args.taskSpec.containerSpec.stopGracePeriod);
    throw new Error(error.message, { cause: error });
  }
}

/** Waits for a rollout; a failure tells what the service looks like now. */
async function withLive(
  operation: Operation,
  rollout: Rollout,
  config: NonNullable<ServiceArgs["convergeConfig"]>,
): Promise<void> {
  try {
    await converge(operation, rollout, config);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The look at what is left must not fall to the abort that ended the wait.
    const context = { ...operation.context, signal: new AbortController().signal };
    const live = await readService({ ...operation, context }, rollout.serviceId).catch(
      () => undefined,
    );
    throw new ConvergenceFailure(message, live);
  }
}

async function readService(operation: Operation, id: string): Promise<Live> {
  const found = await inspectService(operation, id);
  return { id: found.ID, properties: serviceState(found) };
}

function isAllocated(found: ServiceInspect): boolean {
  return Boolean(found.Endpoint?.Spec?.Mode);
}

function inspectService({ engine, context }: Operation, id: string): Promise<ServiceInspect> {
  return engine.json({ method: "GET", path: `/services/${id}`, signal: context.signal });
}

/** An image that the program has not touched stays the one that runs, pinned as it is. */
async function updatedSpec(
  operation: Operation,
  before: ServiceInspect,
  args: ServiceArgs,
  oldArgs: ServiceArgs,
  credentials: RegistryCredentials,
): Promise<ServiceSpec> {
  const spec = serviceSpecOf(args, before.Spec);
  const image = args.taskSpec.containerSpec.image;
  const running = before.Spec.TaskTemplate.ContainerSpec.Image;
  const untouched =
    image === oldArgs.taskSpec.containerSpec.image && running.startsWith(`${image}@`);
  if (!untouched) return pinImage(operation, spec, credentials, { isNew: false });
  spec.TaskTemplate.ContainerSpec.Image = running;
  return spec;
}

function credentialsFor({ auth }: Operation, args: ServiceArgs): RegistryCredentials {
  if (!args.auth?.username || !args.auth.password) {
    return auth.forImage(args.taskSpec.containerSpec.image);
  }
  const { username, password, serverAddress: serveraddress } = args.auth;
  return { username, password, serveraddress };
}

function gracePeriodOf(state: PropertyMap): string | undefined {
  const task = state.taskSpec;
  const container = isMap(task) ? task.containerSpec : undefined;
  const period = isMap(container) ? container.stopGracePeriod : undefined;
  return typeof period === "string" ? period : undefined;
}
