import type { Client, ClientChannel } from "ssh2";
import type { RemoteArgs } from "../models";
import type { CommandOutput, Logging } from "../output";
import { OutputCollector, previousOutput } from "../output";
import type { DialContext } from "./connect";
import { dial } from "./connect";

/** One command on a connection. */
interface Execution {
  readonly command: string;
  readonly env: Record<string, string>;
  readonly stdin?: string;
  readonly logging?: Logging;
}

/**
 * Runs a command on another host.
 * @param previous what the last run printed, offered to the command's environment if the server lets it
 * @throws if the host cannot be reached, the command fails, the server refuses a variable, or on an abort
 */
export async function runRemotely(
  command: string,
  args: RemoteArgs,
  previous: Partial<CommandOutput>,
  context: DialContext,
): Promise<CommandOutput> {
  const connection = await dial(args.connection, context);
  const { client } = connection;
  try {
    const env = args.environment ?? {};
    if (Object.keys(env).length > 0) await requireEnvironment(client, env, context);
    const offered = args.addPreviousOutputInEnv === false ? {} : previousOutput(previous);
    const { stdin, logging } = args;
    return await execute(client, { command, env: { ...offered, ...env }, stdin, logging }, context);
  } finally {
    connection.close();
  }
}

/** A server ignores variables that its AcceptEnv does not name, and ssh2 is not told: so look. */
async function requireEnvironment(
  client: Client,
  env: Record<string, string>,
  context: DialContext,
): Promise<void> {
  for (const [name, value] of Object.entries(env)) {
    const probe = { command: `printenv ${name}`, env: { [name]: value }, logging: "none" } as const;
    const seen = await execute(client, probe, context).catch(() => undefined);
    if (seen?.stdout === value.replace(/\n$/, "")) continue;
    throw new Error(
      `could not set environment variable ${JSON.stringify(name)}: ` +
        "this only works if the SSH server is configured to accept it via AcceptEnv. " +
        "Alternatively, prefix the command itself with 'VAR=value'",
    );
  }
}

async function execute(
  client: Client,
  { command, env, stdin, logging }: Execution,
  { signal, status }: DialContext,
): Promise<CommandOutput> {
  const output = new OutputCollector(logging, status);
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(command, { env }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const abort = () => {
    channel.signal("KILL");
    client.destroy();
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const why = await new Promise<string | undefined>((resolve) => {
      // "exit" comes before "close", and not at all when the connection breaks.
      let verdict: string | undefined =
        "wait: remote command exited without exit status or exit signal";
      channel.on("data", (chunk: Buffer) => output.take("stdout", chunk));
      channel.stderr.on("data", (chunk: Buffer) => output.take("stderr", chunk));
      channel.once("exit", (code: number | null, killedBy?: string) => {
        if (code === 0) verdict = undefined;
        else if (code !== null) verdict = `Process exited with status ${code}`;
        else verdict = `Process exited with signal ${killedBy ?? "unknown"}`;
      });
      channel.once("close", () => resolve(verdict));
      channel.end(stdin ?? "");
    });
    const printed = output.end();
    if (signal.aborted) throw output.failure("operation canceled", command);
    if (why !== undefined) throw output.failure(why, command);
    return printed;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
