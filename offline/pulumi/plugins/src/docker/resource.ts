import type { Unwrap } from "@pulumi/pulumi";
import type {
  Autonaming,
  CheckResult,
  Context,
  DiffResult,
  ReadState,
  ResourceState,
} from "../protocol/provider";
import type { PropertyMap } from "../protocol/values";
import type { ResourceModel } from "../model/model";
import type { RegistryAuth } from "./auth";
import type { EngineClient } from "./engine/client";

/** The SDK's arguments as they arrive here: without inputs, outputs and promises. */
export type Plain<T> = Unwrap<T>;

/** A configured connection to an engine. */
export interface Connection {
  readonly engine: EngineClient;
  readonly auth: RegistryAuth;
}

/** What an operation on the engine gets. */
export interface Operation extends Connection {
  readonly context: Context;
}

/** A resource as the engine has it; keys that the engine does not tell are absent. */
export interface Live {
  readonly id: string;
  readonly properties: PropertyMap;
}

/**
 * A resource in terms of the engine alone. Inputs come checked and without secret marks; what the plugin
 * protocol wants beyond that is {@link modelled}'s.
 * @typeParam Args the SDK's arguments
 */
export interface EngineResource<Args = unknown> {
  readonly model: ResourceModel<Args>;
  create(operation: Operation, inputs: Plain<Args>): Promise<Live>;
  /** Undefined only when the engine says that it is gone. */
  read(operation: Operation, id: string, prior: PropertyMap): Promise<Live | undefined>;
  /** Absent where every change replaces. */
  update?(
    operation: Operation,
    id: string,
    inputs: Plain<Args>,
    oldInputs: Plain<Args>,
  ): Promise<Live>;
  delete(operation: Operation, id: string, state: PropertyMap): Promise<void>;
}

/** A resource in terms of the plugin protocol. */
export interface ResourceHandler {
  check(
    context: Context,
    olds: PropertyMap,
    news: PropertyMap,
    seed: Uint8Array,
    autonaming: Autonaming | undefined,
  ): Promise<CheckResult>;
  diff(
    oldInputs: PropertyMap,
    olds: PropertyMap,
    news: PropertyMap,
    ignoreChanges: readonly string[],
  ): DiffResult;
  previewCreate(inputs: PropertyMap): PropertyMap;
  previewUpdate(olds: PropertyMap, news: PropertyMap, oldInputs: PropertyMap): PropertyMap;
  create(operation: Operation, inputs: PropertyMap): Promise<ResourceState>;
  read(
    operation: Operation,
    id: string,
    inputs: PropertyMap,
    prior: PropertyMap,
  ): Promise<ReadState | undefined>;
  update(
    operation: Operation,
    id: string,
    oldInputs: PropertyMap,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<PropertyMap>;
  delete(operation: Operation, id: string, state: PropertyMap): Promise<void>;
}
