import { unlink } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";

import { isWithin } from "./addresses";

/** Where the control API listens. */
export interface ServerOptions {
  readonly port: number;
  /** Listens on the address in this network and on no other; on all addresses when absent. */
  readonly controlSubnet: string | undefined;
  readonly ownAddresses: () => readonly string[];
  /** A Unix socket for what is inside the container, such as the health check. */
  readonly socketPath: string;
}

/**
 * Starts the control API.
 * @throws Error when no address of ours lies in the control network, or when the port is taken
 */
export async function startServers(
  listener: RequestListener,
  options: ServerOptions,
): Promise<Server[]> {
  await unlink(options.socketPath).catch(() => undefined);
  return Promise.all([
    listen(refuseForwarded(listener), { port: options.port, host: controlAddress(options) }),
    listen(listener, { path: options.socketPath }),
  ]);
}

/**
 * HAProxy adds `Forwarded` to whatever passes it, after all that a label can change: such a request came by a route, which no name
 * that leads here should have been granted.
 */
function refuseForwarded(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.forwarded === undefined) return listener(request, response);
    request.resume();
    response.writeHead(403, { "Content-Type": "text/plain", Connection: "close" });
    response.end("403 not by a route\n");
  };
}

function controlAddress({ controlSubnet, ownAddresses }: ServerOptions): string | undefined {
  if (controlSubnet === undefined) return undefined;
  const addresses = ownAddresses();
  const address = addresses.find((candidate) => isWithin(candidate, controlSubnet));
  if (address !== undefined) return address;
  throw new Error(
    `CONTROL_SUBNET is ${controlSubnet}, but this machine's addresses are ${addresses.join(", ")}`,
  );
}

async function listen(
  listener: RequestListener,
  where: { port: number; host: string | undefined } | { path: string },
): Promise<Server> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, listener);
  server.listen(where);
  await once(server, "listening");
  return server;
}
