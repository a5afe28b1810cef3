/**
 * The Node language host: what the Pulumi CLI starts to run a program in TypeScript. It prints its port on stdout's
 * first line, and ends, with the program, when the CLI does.
 */
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { languageRuntime } from "./host";
import { programsEnded } from "./program";

/** Config and the program's answers can be large: as large as the engine itself allows. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

const engineAddress = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const cancel = new AbortController();
const server = new grpc.Server({
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
});
server.addService(LanguageRuntimeService, languageRuntime(engineAddress.pop() ?? "", cancel));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    console.error(`the language host cannot listen: ${error.message}`);
    process.exit(1);
  }
  process.stdout.write(`${port}\n`);
});

/** What runs is ended, and then this process: the CLI waits for that, so it must not wait for idle connections. */
const end = () => {
  cancel.abort();
  void programsEnded().then(() => process.exit(0));
};
process.once("SIGINT", end);
process.once("SIGTERM", end);
// The CLI holds our stdin: its end is the end of the CLI, however that came about.
process.stdin.once("end", end).once("error", end).resume();
