import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

import { isWithin } from "../src/control/addresses";
import { distribute, findPeers, type PeerOptions } from "../src/control/peers";
import { startServers } from "../src/control/servers";
import { cleanUp, serve, temporaryFolder } from "./support";

afterEach(cleanUp);

const HOSTS = ["127.0.0.2", "127.0.0.3"];

/** Two peers on one port, as tasks have it; answers what they were asked. */
async function peers(statuses: readonly number[] = [200, 200]) {
  const asked: string[] = [];
  let port = 0;
  for (const [i, host] of HOSTS.entries()) {
    port = await serve(
      (req, res) => {
        asked.push(`${host} ${req.url}`);
        res.writeHead(statuses[i] ?? 200).end("{}");
      },
      { host, port },
    );
  }
  return { asked, port };
}

/**
 * A port whose queue of connections is full, so that the next one gets no answer, as from a machine that is gone, until it
 * serves.
 */
async function fullBacklog(
  host: string,
): Promise<{ port: number; serve: () => void; close: () => void }> {
  const server = `require("http").createServer((req, res) => res.end()).listen({ port: 0, host: "${host}", backlog: 1 }, function () {
    require("fs").writeSync(1, String(this.address().port));
    require("fs").readSync(0, Buffer.alloc(1));
  })`;
  const child = spawn(process.execPath, ["-e", server], { stdio: ["pipe", "pipe", "inherit"] });
  const [told] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(told.toString());
  const sockets = [connect(port, host), connect(port, host)];
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return {
    port,
    serve: () => child.stdin.write("x"),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      child.kill("SIGKILL");
    },
  };
}

function options(overrides: Partial<PeerOptions> = {}): PeerOptions {
  return {
    serviceName: "proxy-control",
    port: 1,
    controlSubnet: undefined,
    ownAddresses: () => ["127.0.0.1", "10.0.0.9"],
    resolve: (name) =>
      name === "tasks.proxy-control"
        ? Promise.resolve(["127.0.0.2", "127.0.0.1", "127.0.0.3"])
        : Promise.reject(new Error("ENOTFOUND")),
    ...overrides,
  };
}

describe("distribute", () => {
  it("resends to every other proxy, as not to be resent", async () => {
    const { asked, port } = await peers();
    await distribute("/v1/x/reconfigure?serviceName=a&servicePath=%2Fa%2Cb&distribute=true", {
      ...options({ port }),
    });
    expect(asked.sort()).toEqual(
      HOSTS.map(
        (host) => `${host} /v1/x/reconfigure?serviceName=a&servicePath=%2Fa%2Cb&distribute=false`,
      ),
    );
  });

  it("names the proxies that did not take it, having asked all", async () => {
    const { asked, port } = await peers([500, 200]);
    await expect(distribute("/x?distribute=true", options({ port }))).rejects.toThrow(
      "127.0.0.2 (500)",
    );
    expect(asked).toHaveLength(2);
  });

  it("names a proxy that does not answer", async () => {
    const port = await serve(() => undefined, { host: "127.0.0.2" });
    await expect(
      distribute(
        "/x",
        options({ port, timeoutMs: 50, resolve: () => Promise.resolve(["127.0.0.2"]) }),
      ),
    ).rejects.toThrow("127.0.0.2");
  });

  it("is content with being alone", async () => {
    await distribute("/x", options({ resolve: () => Promise.resolve(["10.0.0.9"]) }));
  });

  it("tells those that refuse the connection from those that do not take the request", async () => {
    const asked: string[] = [];
    const port = await serve(
      (req, res) => {
        asked.push(req.method ?? "");
        res.end("{}");
      },
      { host: "127.0.0.3" },
    );
    const unreached = await distribute("/x", options({ port }), "body");
    expect(unreached).toEqual([expect.stringMatching(/^127\.0\.0\.2 \(.*ECONNREFUSED/)]);
    expect(asked).toEqual(["PUT"]);
  });

  it("does not wait for a connection as long as for an answer", async () => {
    const { port, close } = await fullBacklog("127.0.0.2");
    try {
      const unreached = await distribute(
        "/x",
        options({
          port,
          connectMs: 50,
          timeoutMs: 3_600_000,
          resolve: () => Promise.resolve(["127.0.0.2"]),
        }),
      );
      expect(unreached).toEqual(["127.0.0.2 (no connection in 50 ms)"]);
    } finally {
      close();
    }
  });
});

describe("a peer whose first packet is lost", () => {
  it("is reached by another connection, before the kernel sends that packet again", async () => {
    const { port, serve: takeConnections, close } = await fullBacklog("127.0.0.2");
    try {
      const distributed = distribute(
        "/x",
        options({ port, connectMs: 300, resolve: () => Promise.resolve(["127.0.0.2"]) }),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      takeConnections();
      expect(await distributed).toEqual([]);
    } finally {
      close();
    }
  });
});

describe("findPeers", () => {
  it("asks for the name itself where tasks.NAME is unknown", async () => {
    const resolve = (name: string): Promise<string[]> =>
      name === "proxy-control"
        ? Promise.resolve(["10.0.0.7"])
        : Promise.reject(new Error("ENOTFOUND"));
    expect(await findPeers(options({ resolve }))).toEqual(["10.0.0.7"]);
  });

  it("leaves out addresses outside the control network", async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(["10.248.0.5", "10.248.48.5"]);
    expect(await findPeers(options({ resolve, controlSubnet: "10.248.48.0/20" }))).toEqual([
      "10.248.48.5",
    ]);
  });

  it("does not take proxies that it cannot reach for none", async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(["10.248.0.5"]);
    await expect(findPeers(options({ resolve, controlSubnet: "10.248.48.0/20" }))).rejects.toThrow(
      "CONTROL_SUBNET",
    );
  });

  it("says what to look at when nothing resolves", async () => {
    const resolve = (): Promise<string[]> => Promise.reject(new Error("ENOTFOUND"));
    await expect(findPeers(options({ resolve }))).rejects.toThrow("SERVICE_NAME");
  });
});

describe("isWithin", () => {
  it.each([
    ["10.248.48.1", "10.248.48.0/20", true],
    ["10.248.63.255", "10.248.48.0/20", true],
    ["10.248.64.0", "10.248.48.0/20", false],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.2", "10.0.0.1", false],
    ["::1", "10.0.0.0/8", false],
    ["fd00::1", "fd00::/64", true],
    ["10.0.0.1", "0.0.0.0/0", true],
  ])("%s in %s: %s", (address, network, expected) => {
    expect(isWithin(address, network)).toBe(expected);
  });
});

describe("startServers", () => {
  const start = (controlSubnet: string | undefined, ownAddresses: string[]) =>
    startServers(() => undefined, {
      port: 0,
      controlSubnet,
      ownAddresses: () => ownAddresses,
      socketPath: `${temporaryFolder()}/control.sock`,
    });

  it("listens on the address in the control network only", async () => {
    const servers = await start("127.8.0.0/16", ["10.0.0.1", "127.8.0.1", "127.0.0.1"]);
    const addresses = servers.map((server) => server.address());
    servers.forEach((server) => server.close());
    expect(addresses[0]).toMatchObject({ address: "127.8.0.1" });
  });

  it("fails when it has no address there", async () => {
    await expect(start("127.8.0.0/16", ["127.0.0.1"])).rejects.toThrow("CONTROL_SUBNET");
  });
});
