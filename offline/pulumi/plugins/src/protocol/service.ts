import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { EngineLog } from "./engineLog";
import { checkResponse, diffResponse, serviceError } from "./messages";
import type { Autonaming, Context, Provider } from "./provider";
import { fromStruct, toStruct } from "./wire";

type Handler<Req, Res> = grpc.handleUnaryCall<Req, Res>;

/** What the requests about one resource have in common. */
interface ResourceRequest {
  getUrn(): string;
  getType(): string;
  getName(): string;
  getTimeout?(): number;
  getPreview?(): boolean;
}

/**
 * The plugin protocol's service for a {@link Provider}.
 * @param cancel aborted when the engine cancels or the process is to end
 */
export function providerService(
  provider: Provider,
  log: EngineLog,
  cancel: AbortController,
): IResourceProviderServer {
  const accepts = provider.accepts;

  const contextOf = (request: ResourceRequest): Context => {
    const urn = request.getUrn();
    const [, , types = "", ...name] = urn.split("::");
    const timeout = request.getTimeout?.() ?? 0;
    return {
      urn,
      type: request.getType() || (types.split("$").pop() ?? ""),
      name: request.getName() || name.join("::"),
      preview: request.getPreview?.() ?? false,
      signal:
        timeout > 0
          ? AbortSignal.any([cancel.signal, AbortSignal.timeout(timeout * 1000)])
          : cancel.signal,
      log: (message, severity = "info") => log.send(urn, message, severity, false),
      status: (message) => log.send(urn, message, "info", true),
    };
  };

  /** Wraps a handler: errors become gRPC errors, and log lines are delivered before the answer. */
  const unary =
    <Req, Res>(handle: (request: Req) => Res | Promise<Res>): Handler<Req, Res> =>
    (call, answer) => {
      void (async () => {
        try {
          const response = await handle(call.request);
          await log.flush();
          answer(null, response);
        } catch (error) {
          await log.flush();
          answer(serviceError(error));
        }
      })();
    };

  const unimplemented =
    <Req, Res>(details: string): Handler<Req, Res> =>
    (_call, answer) =>
      answer({ code: grpc.status.UNIMPLEMENTED, details });

  const diffConfig = provider.diffConfig?.bind(provider);

  return {
    handshake: provider.handshakes
      ? unary((request: pb.ProviderHandshakeRequest) => {
          if (!log.connected) log.connect(request.getEngineAddress());
          const response = new pb.ProviderHandshakeResponse();
          response.setAcceptSecrets(accepts.secrets);
          response.setAcceptResources(accepts.resources);
          response.setAcceptOutputs(accepts.outputs);
          response.setAcceptsByteString(accepts.byteStrings);
          response.setSupportsAutonamingConfiguration(provider.supportsAutonaming);
          return response;
        })
      : unimplemented("method Handshake not implemented"),

    attach: unary((request) => {
      log.connect(request.getAddress());
      return new Empty();
    }),

    getPluginInfo: unary(() => {
      const response = new PluginInfo();
      response.setVersion(provider.version);
      return response;
    }),

    checkConfig: unary((request) =>
      checkResponse(provider.checkConfig(fromStruct(request.getNews()))),
    ),

    diffConfig: diffConfig
      ? unary((request: pb.DiffRequest) => {
          const result = diffConfig(
            fromStruct(request.getOldInputs()),
            fromStruct(request.getNews()),
          );
          // An empty message, not DIFF_NONE, is what the bridge says of an unchanged provider.
          return result.changes ? diffResponse(result) : new pb.DiffResponse();
        })
      : unimplemented("DiffConfig is not implemented"),

    configure: unary(async (request) => {
      await provider.configure(fromStruct(request.getArgs()));
      const response = new pb.ConfigureResponse();
      response.setAcceptsecrets(accepts.secrets);
      response.setAcceptresources(accepts.resources);
      response.setAcceptoutputs(accepts.outputs);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(provider.supportsAutonaming);
      return response;
    }),

    check: unary(async (request) =>
      checkResponse(
        await provider.check(
          contextOf(request),
          fromStruct(request.getOlds()),
          fromStruct(request.getNews()),
          request.getRandomseed_asU8(),
          autonamingOf(request),
        ),
      ),
    ),

    diff: unary(async (request) =>
      diffResponse(
        await provider.diff(
          contextOf(request),
          fromStruct(request.getOldInputs()),
          fromStruct(request.getOlds()),
          fromStruct(request.getNews()),
          request.getIgnorechangesList(),
        ),
      ),
    ),

    create: unary(async (request) => {
      const state = await provider.create(contextOf(request), fromStruct(request.getProperties()));
      const response = new pb.CreateResponse();
      response.setId(state.id);
      response.setProperties(toStruct(state.properties));
      return response;
    }),

    read: unary(async (request) => {
      const state = await provider.read(
        contextOf(request),
        request.getId(),
        fromStruct(request.getInputs()),
        fromStruct(request.getProperties()),
      );
      const response = new pb.ReadResponse();
      if (state) {
        response.setId(state.id);
        response.setInputs(toStruct(state.inputs));
        response.setProperties(toStruct(state.properties));
      }
      return response;
    }),

    update: unary(async (request) => {
      const properties = await provider.update(
        contextOf(request),
        request.getId(),
        fromStruct(request.getOldInputs()),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
      );
      const response = new pb.UpdateResponse();
      response.setProperties(toStruct(properties));
      return response;
    }),

    delete: unary(async (request) => {
      await provider.delete(
        contextOf(request),
        request.getId(),
        fromStruct(request.getProperties()),
      );
      return new Empty();
    }),

    invoke: unary(async (request) => {
      const response = new pb.InvokeResponse();
      const args = fromStruct(request.getArgs());
      const context = {
        signal: cancel.signal,
        status: (message: string) => log.send("", message, "info", true),
      };
      response.setReturn(toStruct(await provider.invoke(request.getTok(), args, context)));
      return response;
    }),

    cancel: unary(() => {
      cancel.abort(new Error("operation canceled"));
      return new Empty();
    }),

    getSchema: unimplemented("GetSchema is not supported by the offline plugin"),
    call: unimplemented("call is not yet implemented"),
    construct: unimplemented("Construct is not yet implemented"),
    parameterize: unimplemented("Parameterize is not implemented"),
    getMapping: unimplemented("GetMapping is not implemented"),
    getMappings: unimplemented("GetMappings is not implemented"),
    list: (call) => {
      call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "List is not implemented" });
    },
  };
}

function autonamingOf(request: pb.CheckRequest): Autonaming | undefined {
  const autonaming = request.getAutonaming();
  return (
    autonaming && {
      proposedName: autonaming.getProposedName(),
      disabled: autonaming.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE,
    }
  );
}
