import * as grpc from "@grpc/grpc-js";
import {
  LanguageRuntimeClient,
  LanguageRuntimeService,
} from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { languageRuntime } from "../src/host";

/** A language host in this process, and a client of it. */
export interface Session {
  readonly client: LanguageRuntimeClient;
  readonly cancel: AbortController;
  close(): void;
}

/** Starts a language host as the engine does, for a given engine address. */
export async function startSession(engineAddress: string): Promise<Session> {
  const cancel = new AbortController();
  const server = new grpc.Server();
  server.addService(LanguageRuntimeService, languageRuntime(engineAddress, cancel));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    client,
    cancel,
    close: () => {
      client.close();
      server.forceShutdown();
    },
  };
}

/** Makes one call a promise: `call((done) => client.about(request, done))`. */
export function call<Res>(
  start: (done: (error: grpc.ServiceError | null, response: Res) => void) => unknown,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** Where a program is: in `directory`, started by its package.json. */
export function programInfo(
  directory: string,
  options: Record<string, JavaScriptValue> = {},
): pb.ProgramInfo {
  const info = new pb.ProgramInfo();
  info.setRootDirectory(directory);
  info.setProgramDirectory(directory);
  info.setEntryPoint(".");
  info.setOptions(Struct.fromJavaScript(options));
  return info;
}
