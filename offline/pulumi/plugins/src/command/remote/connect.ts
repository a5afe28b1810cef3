import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import type { Connection, ProxyConnection } from "../models";

/** First wait between two attempts, how it grows, and its limit; milliseconds. */
const BACKOFF = { firstMs: 100, factor: 1.5, limitMs: 5_000 };

/** What a connection needs of the operation it belongs to. */
export interface DialContext {
  readonly signal: AbortSignal;
  readonly status: (line: string) => void;
}

/** A connection that has been made. */
export interface SshConnection {
  readonly client: Client;
  close(): void;
}

/**
 * Connects to a host, through another one if asked to, trying again as often as allowed.
 * @throws the last error once the attempts are used up, or when aborted
 */
export async function dial(connection: Connection, context: DialContext): Promise<SshConnection> {
  const { proxy } = connection;
  if (!proxy) {
    const client = await dialWithRetry("Dial", connection, undefined, context);
    return { client, close: () => client.end() };
  }
  const outer = await dialWithRetry("Dial proxy", proxy, undefined, context);
  try {
    const tunnel = () => openTunnel(outer, connection);
    const client = await dialWithRetry("Dial", connection, tunnel, context);
    const close = () => {
      client.end();
      outer.end();
    };
    return { client, close };
  } catch (error) {
    outer.end();
    throw error;
  }
}

async function dialWithRetry(
  what: string,
  host: ProxyConnection,
  tunnel: (() => Promise<Duplex>) | undefined,
  { signal, status }: DialContext,
): Promise<Client> {
  const limit = host.dialErrorLimit ?? 10;
  const config = connectConfig(host);
  let wait = BACKOFF.firstMs;
  for (let failed = 1; ; failed++) {
    if (signal.aborted) throw signal.reason;
    try {
      return await connectOnce(tunnel ? { ...config, sock: await tunnel() } : config);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (limit >= 0 && failed > limit) {
        throw new Error(`after ${failed - 1} failed attempts: ${why}`, { cause: error });
      }
      status(`${what} ${failed}/${limit < 0 ? "inf" : limit} failed: retrying (${why})`);
    }
    await sleep(wait, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
    wait = Math.min(wait * BACKOFF.factor, BACKOFF.limitMs);
  }
}

async function connectOnce(config: ConnectConfig): Promise<Client> {
  const { Client: SshClient } = await import("ssh2");
  const client = new SshClient();
  // Many servers ask for the password instead of offering to take it.
  client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) =>
    answer(prompts.map(() => config.password ?? "")),
  );
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the connection was closed")));
    client.connect(config);
  });
  // From now on whoever uses the connection hears of its end through its channels.
  client.on("error", () => undefined);
  return client;
}

function openTunnel(outer: Client, { host, port }: Connection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    outer.forwardOut("127.0.0.1", 0, host, port ?? 22, (error, channel) =>
      error ? reject(error) : resolve(channel),
    );
  });
}

/** ssh2's options for a host. Without a `hostKey` any host is believed, as with the real plugin. */
export function connectConfig(host: ProxyConnection): ConnectConfig {
  const hostKey = host.hostKey === undefined ? undefined : parseHostKey(host.hostKey);
  return {
    host: host.host,
    port: host.port ?? 22,
    username: host.user ?? "root",
    password: host.password,
    tryKeyboard: host.password !== undefined,
    privateKey: host.privateKey,
    passphrase: host.privateKeyPassword,
    agent: host.agentSocketPath ?? process.env.SSH_AUTH_SOCK,
    readyTimeout: (host.perDialTimeout ?? 15) * 1000,
    ...(hostKey && {
      hostVerifier: (key: Buffer) => key.equals(hostKey.blob),
      algorithms: { serverHostKey: hostKey.algorithms },
    }),
  };
}

/** A public key in the format of `authorized_keys`. */
function parseHostKey(line: string): { blob: Buffer; algorithms: ServerHostKeyAlgorithm[] } {
  const [type = "", base64 = ""] = line.trim().split(/\s+/);
  const blob = Buffer.from(base64, "base64");
  const named = blob.subarray(4, 4 + type.length).toString("latin1");
  if (type === "" || named !== type) {
    const digest = createHash("sha256").update(line).digest("hex").slice(0, 8);
    throw new Error(`failed to parse host key (sha256 ${digest}…): not in authorized_keys format`);
  }
  const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
  return { blob, algorithms: algorithms as ServerHostKeyAlgorithm[] };
}
