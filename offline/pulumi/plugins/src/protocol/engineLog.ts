import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Severity } from "./provider";

/** grpc-js refuses messages above 4 MB unless told otherwise; Pulumi's own plugins allow 400 MB. */
export const MESSAGE_LIMITS: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

const SEVERITIES: Readonly<
  Record<Severity, LogRequest["getSeverity"] extends () => infer S ? S : never>
> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** Sends log lines to the engine, one call at a time: parallel calls would arrive in any order. */
export class EngineLog {
  private client: EngineClient | undefined;
  private queue: Promise<void> = Promise.resolve();

  /** @param address host:port of the engine's gRPC service; empty when there is none */
  connect(address: string): void {
    if (address === "") return;
    this.client = new EngineClient(address, grpc.credentials.createInsecure(), {
      ...MESSAGE_LIMITS,
      // An exported http_proxy is not for a call to the process that started us.
      "grpc.enable_http_proxy": 0,
    });
  }

  get connected(): boolean {
    return this.client !== undefined;
  }

  /** Queues one line; `ephemeral` lines show progress and are not kept. */
  send(urn: string, message: string, severity: Severity, ephemeral: boolean): void {
    const client = this.client;
    if (!client) return;
    const request = new LogRequest();
    request.setSeverity(SEVERITIES[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    this.queue = this.queue.then(
      // A line that cannot be delivered is no reason to fail the operation it tells about.
      () => new Promise((done) => client.log(request, () => done())),
    );
  }

  /** Resolves when everything sent so far has been delivered: the engine drops lines that come after the answer. */
  flush(): Promise<void> {
    return this.queue;
  }
}
