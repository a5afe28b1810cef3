import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { EngineLog, MESSAGE_LIMITS } from "./engineLog";
import type { Provider } from "./provider";
import { providerService } from "./service";

/** A plugin that listens. */
export interface RunningPlugin {
  readonly port: number;
  /** Aborts what runs and frees the port. */
  stop(): void;
}

/**
 * Serves a provider on a free loopback port.
 * @param engineAddress where to send log lines; empty for none
 * @throws if no port can be had
 */
export async function startPlugin(
  provider: Provider,
  engineAddress: string,
): Promise<RunningPlugin> {
  const log = new EngineLog();
  log.connect(engineAddress);
  const cancel = new AbortController();
  const server = new grpc.Server(MESSAGE_LIMITS);
  server.addService(ResourceProviderService, providerService(provider, log, cancel));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    stop: () => {
      cancel.abort(new Error("the plugin is stopping"));
      server.forceShutdown();
    },
  };
}

/**
 * The body of a plugin executable: prints the port on stdout's first line, as the CLI expects, and ends
 * when the CLI does. The last argument that is no flag is the engine's address.
 */
export async function runPlugin(provider: Provider): Promise<void> {
  const engineAddress = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
  const plugin = await startPlugin(provider, engineAddress.pop() ?? "");
  process.stdout.write(`${plugin.port}\n`);

  const end = () => {
    plugin.stop(); // kills what runs, before this returns
    setImmediate(() => process.exit(0));
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  // The CLI holds our stdin: its end is the end of the CLI, however that came about.
  process.stdin.once("end", end).once("error", end).resume();
}
