import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { MESSAGE_LIMITS } from "../../src/protocol/engineLog";
import type { PropertyMap } from "../../src/protocol/values";
import { fromStruct, toStruct } from "../../src/protocol/wire";

/** A message as the recordings show it: only what differs from the default. */
export type Json = Record<string, unknown>;

/** What came of a call. */
export interface Outcome {
  readonly response?: Json;
  readonly error?: string;
  /** What `ErrorResourceInitFailed` carried. */
  readonly partial?: {
    readonly id: string;
    readonly properties: PropertyMap;
    readonly inputs: PropertyMap;
  };
}

interface Method {
  readonly request: new () => object;
  readonly call: keyof ResourceProviderClient;
  /** Every field of the response that is compared. */
  readonly fields: (response: never) => Json;
}

type Unary = (
  message: object,
  answer: (error: grpc.ServiceError | null, response: never) => void,
) => void;

/** The methods of the plugin protocol that are recorded. */
export const METHODS = {
  Handshake: method(
    pb.ProviderHandshakeRequest,
    "handshake",
    (r: pb.ProviderHandshakeResponse) => ({
      acceptSecrets: r.getAcceptSecrets(),
      acceptResources: r.getAcceptResources(),
      acceptOutputs: r.getAcceptOutputs(),
      acceptsByteString: r.getAcceptsByteString(),
      supportsAutonamingConfiguration: r.getSupportsAutonamingConfiguration(),
    }),
  ),
  GetPluginInfo: method(Empty, "getPluginInfo", (r: PluginInfo) => ({ version: r.getVersion() })),
  CheckConfig: method(pb.CheckRequest, "checkConfig", checkFields),
  DiffConfig: method(pb.DiffRequest, "diffConfig", diffFields),
  Configure: method(pb.ConfigureRequest, "configure", (r: pb.ConfigureResponse) => ({
    acceptSecrets: r.getAcceptsecrets(),
    acceptResources: r.getAcceptresources(),
    acceptOutputs: r.getAcceptoutputs(),
    supportsPreview: r.getSupportspreview(),
    supportsAutonamingConfiguration: r.getSupportsAutonamingConfiguration(),
  })),
  Check: method(pb.CheckRequest, "check", checkFields),
  Diff: method(pb.DiffRequest, "diff", diffFields),
  Create: method(pb.CreateRequest, "create", (r: pb.CreateResponse) => ({
    id: r.getId(),
    properties: struct(r.getProperties()),
  })),
  Read: method(pb.ReadRequest, "read", (r: pb.ReadResponse) => ({
    id: r.getId(),
    inputs: struct(r.getInputs()),
    properties: struct(r.getProperties()),
  })),
  Update: method(pb.UpdateRequest, "update", (r: pb.UpdateResponse) => ({
    properties: struct(r.getProperties()),
  })),
  Delete: method(pb.DeleteRequest, "delete", () => ({})),
  Invoke: method(pb.InvokeRequest, "invoke", (r: pb.InvokeResponse) => ({
    return: struct(r.getReturn()),
    failures: r.getFailuresList().map((f) => f.toObject()),
  })),
  Cancel: method(Empty, "cancel", () => ({})),
} satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS;

/** A client of a plugin, speaking the recordings' JSON. */
export class PluginClient {
  private readonly client: ResourceProviderClient;

  constructor(port: number) {
    const address = `127.0.0.1:${port}`;
    const options = { ...MESSAGE_LIMITS, "grpc.enable_http_proxy": 0 };
    this.client = new ResourceProviderClient(address, grpc.credentials.createInsecure(), options);
  }

  call(name: MethodName, request: Json): Promise<Outcome> {
    const method: Method = METHODS[name];
    const message = fill(new method.request(), request);
    return new Promise((resolve) => {
      const answer = (error: grpc.ServiceError | null, response: never) =>
        resolve(error ? failure(error) : { response: withoutDefaults(method.fields(response)) });
      const unary = Reflect.get(this.client, method.call) as unknown as Unary;
      unary.call(this.client, message, answer);
    });
  }

  close(): void {
    this.client.close();
  }
}

function method<R>(
  request: new () => object,
  call: keyof ResourceProviderClient,
  fields: (response: R) => Json,
): Method {
  return { request, call, fields: fields };
}

function checkFields(r: pb.CheckResponse): Json {
  return {
    inputs: struct(r.getInputs()),
    failures: r
      .getFailuresList()
      .map((f) => ({ property: f.getProperty(), reason: f.getReason() })),
  };
}

function diffFields(r: pb.DiffResponse): Json {
  const kinds = Object.fromEntries(Object.entries(pb.PropertyDiff.Kind).map(([k, v]) => [v, k]));
  const detailed: Json = {};
  r.getDetaileddiffMap().forEach((property, path) => {
    const kind = property.getKind();
    detailed[path] = withoutDefaults({
      kind: kind === pb.PropertyDiff.Kind.ADD ? "" : kinds[kind],
      inputDiff: property.getInputdiff(),
    });
  });
  return {
    changes: ["", "DIFF_NONE", "DIFF_SOME"][r.getChanges()],
    hasDetailedDiff: r.getHasdetaileddiff(),
    detailedDiff: detailed,
    replaces: r.getReplacesList(),
    // The command plugin lists these in any order.
    diffs: [...r.getDiffsList()].sort(),
    stables: r.getStablesList(),
    deleteBeforeReplace: r.getDeletebeforereplace(),
  };
}

function struct(message: Struct | undefined): Json | undefined {
  return message && fromStruct(message);
}

/** Without what protobuf's JSON leaves out: false, "", and empty lists and maps. */
function withoutDefaults(fields: Json): Json {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      if (value === undefined || value === false || value === "") return false;
      if (Array.isArray(value)) return value.length > 0;
      const isStruct = ["inputs", "properties", "return"].includes(key);
      return typeof value !== "object" || isStruct || Object.keys(value as object).length > 0;
    }),
  );
}

const STRUCTS = ["args", "inputs", "news", "oldInputs", "olds", "properties"];

/** Sets a message's fields from JSON, whatever the case of its setters. */
function fill<M extends object>(message: M, json: Json): M {
  const setters = message as Record<string, unknown>;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(message));
  const setter = (key: string) =>
    names.find((name) => [`set${key}`, `set${key}list`].includes(name.toLowerCase()));
  for (const [key, value] of Object.entries(json)) {
    if (key === "variables") continue; // the flat form of `args`, for older plugins
    const name = setter(key.toLowerCase());
    if (name === undefined) throw new Error(`no field ${key} in ${message.constructor.name}`);
    const set = setters[name] as (value: unknown) => void;
    set.call(message, STRUCTS.includes(key) ? toStruct(value as PropertyMap) : value);
  }
  return message;
}

function failure(error: grpc.ServiceError): Outcome {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (!(details instanceof Buffer)) return { error: error.details };
  const [packed] = Status.deserializeBinary(details).getDetailsList();
  const detail = ErrorResourceInitFailed.deserializeBinary(
    packed?.getValue_asU8() ?? new Uint8Array(),
  );
  return {
    error: error.details,
    partial: {
      id: detail.getId(),
      properties: fromStruct(detail.getProperties()),
      inputs: fromStruct(detail.getInputs()),
    },
  };
}
