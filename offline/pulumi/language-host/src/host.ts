import * as grpc from "@grpc/grpc-js";
import { version as sdkVersion } from "@pulumi/pulumi/package.json";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { installDependencies, npmVersion } from "./install";
import { parseOptions, type RuntimeOptions } from "./options";
import { installedVersion, programDependencies, requiredPackages } from "./packages";
import { runProgram } from "./program";

/**
 * The language host's service.
 * @param engineAddress of the engine that started it; a handshake may tell another
 * @param cancel aborted when the engine cancels or the process is to end
 */
export function languageRuntime(
  engineAddress: string,
  cancel: AbortController,
): ILanguageRuntimeServer {
  let engine = engineAddress;

  return {
    handshake: unary((request: pb.LanguageHandshakeRequest) => {
      engine = request.getEngineAddress();
      return new pb.LanguageHandshakeResponse();
    }),

    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(`v${sdkVersion}`);
      return info;
    }),

    about: unary((request: pb.AboutRequest) => {
      const { directory } = programOf(request);
      const response = new pb.AboutResponse();
      response.setExecutable(process.execPath);
      response.setVersion(process.version);
      const metadata = response.getMetadataMap();
      metadata.set("packagemanager", "npm");
      const npm = npmVersion();
      if (npm) metadata.set("packagemanagerVersion", npm);
      const typescript = installedVersion(directory, "typescript");
      if (typescript) metadata.set("typescriptVersion", typescript);
      return response;
    }),

    getRequiredPackages: unary((request: pb.GetRequiredPackagesRequest) => {
      const response = new pb.GetRequiredPackagesResponse();
      response.setPackagesList(
        requiredPackages(programOf(request).directory).map(({ name, version, server }) => {
          const dependency = new PackageDependency();
          dependency.setName(name);
          dependency.setKind("resource");
          dependency.setVersion(version);
          dependency.setServer(server);
          return dependency;
        }),
      );
      return response;
    }),

    getProgramDependencies: unary((request: pb.GetProgramDependenciesRequest) => {
      const { directory } = programOf(request);
      const response = new pb.GetProgramDependenciesResponse();
      response.setDependenciesList(
        programDependencies(directory, request.getTransitivedependencies()).map((dependency) => {
          const info = new pb.DependencyInfo();
          info.setName(dependency.name);
          info.setVersion(dependency.version);
          return info;
        }),
      );
      return response;
    }),

    run: unary(async (request: pb.RunRequest, call) => {
      const { directory, rootDirectory, entryPoint, options } = programOf(request);
      const description = {
        monitor: request.getMonitorAddress(),
        engine,
        organization: request.getOrganization(),
        project: request.getProject(),
        stack: request.getStack(),
        rootDirectory,
        programDirectory: directory,
        entryPoint,
        parallel: request.getParallel(),
        dryRun: request.getDryrun(),
        args: request.getArgsList(),
        config: Object.fromEntries(request.getConfigMap().getEntryList()),
        configSecretKeys: request.getConfigsecretkeysList(),
      };
      const result = await runProgram(description, options, untilCancelled(call, cancel));
      const response = new pb.RunResponse();
      response.setError(result.error);
      response.setBail(result.bail);
      return response;
    }),

    installDependencies: (call) => {
      const send = (set: (response: pb.InstallDependenciesResponse) => void) => {
        const response = new pb.InstallDependenciesResponse();
        set(response);
        call.write(response);
      };
      const stdout = (chunk: Buffer) => send((response) => response.setStdout(chunk));
      const stderr = (chunk: Buffer) => send((response) => response.setStderr(chunk));
      void (async () => {
        try {
          const { directory } = programOf(call.request);
          stdout(Buffer.from("Installing dependencies...\n\n"));
          await installDependencies(directory, stdout, stderr, untilCancelled(call, cancel));
          stdout(Buffer.from("Finished installing dependencies\n\n"));
          call.end();
        } catch (error) {
          call.destroy(serviceError(error));
        }
      })();
    },

    // The package manager is npm: there is nothing to ask.
    runtimeOptionsPrompts: unary(() => new pb.RuntimeOptionsResponse()),
    template: unary(() => new pb.TemplateResponse()),

    cancel: unary(() => {
      cancel.abort();
      return new Empty();
    }),

    getRequiredPlugins: unimplemented("GetRequiredPlugins"),
    generateProgram: unimplemented("GenerateProgram"),
    generateProject: unimplemented("GenerateProject"),
    generatePackage: unimplemented("GeneratePackage"),
    pack: unimplemented("Pack"),
    link: unimplemented("Link"),
    runPlugin: (call) => call.destroy(unimplementedError("RunPlugin")),
  };
}

interface ProgramRequest {
  getInfo(): pb.ProgramInfo | undefined;
}

/** Where the program is, and how to run it. */
function programOf(request: ProgramRequest): {
  directory: string;
  rootDirectory: string;
  entryPoint: string;
  options: RuntimeOptions;
} {
  const info = request.getInfo();
  if (!info) throw new Error("the engine did not say where the program is");
  return {
    directory: info.getProgramDirectory(),
    rootDirectory: info.getRootDirectory(),
    entryPoint: info.getEntryPoint(),
    options: parseOptions(info.getOptions()?.toJavaScript() ?? {}),
  };
}

/** Aborted when either this call is cancelled or everything is. */
function untilCancelled(call: NodeJS.EventEmitter, cancel: AbortController): AbortSignal {
  const own = new AbortController();
  call.once("cancelled", () => own.abort());
  return AbortSignal.any([own.signal, cancel.signal]);
}

function unary<Req, Res>(
  handle: (request: Req, call: grpc.ServerUnaryCall<Req, Res>) => Res | Promise<Res>,
): grpc.handleUnaryCall<Req, Res> {
  return (call, answer) => {
    void (async () => {
      try {
        answer(null, await handle(call.request, call));
      } catch (error) {
        answer(serviceError(error));
      }
    })();
  };
}

function serviceError(error: unknown): grpc.ServiceError {
  const cause = error instanceof Error ? error : new Error(String(error));
  return Object.assign(cause, {
    code: grpc.status.UNKNOWN,
    details: cause.message,
    metadata: new grpc.Metadata(),
  });
}

function unimplementedError(method: string): grpc.ServiceError {
  const error = serviceError(`${method} is not supported by the offline language host`);
  return Object.assign(error, { code: grpc.status.UNIMPLEMENTED });
}

function unimplemented<Req, Res>(method: string): grpc.handleUnaryCall<Req, Res> {
  return (_call, answer) => answer(unimplementedError(method));
}
