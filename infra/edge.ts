import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { edgeAddress, type Ports } from "./addresses";
import type { StackConfig } from "./config";
import { HostContainer } from "./container";
import type { Host } from "./host";
import { BuiltImage } from "./image";

export interface EdgeArgs {
  readonly config: StackConfig;
  readonly host: Host;
  readonly engine: docker.Provider;
  readonly network: docker.Network;
  readonly managers: readonly { readonly name: string; readonly address: string }[];
}

/**
 * Stands where a cloud load balancer would: HTTP, HTTPS and the engine API on loopback, passed on as
 * TCP to the managers that are healthy, so that losing a manager loses nothing.
 */
export class Edge extends pulumi.ComponentResource {
  /** `http://127.0.0.1:<port>`, known once the edge runs. */
  public readonly httpUrl: pulumi.Output<string>;
  /** The same by HTTPS. */
  public readonly httpsUrl: pulumi.Output<string>;
  /** `tcp://127.0.0.1:<port>` of the managers' engine API. */
  public readonly engineUrl: pulumi.Output<string>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:edge:Edge", name, {}, opts);
    const { config } = args;
    const { ports, proxyTcpPorts } = config;

    const image = new BuiltImage(
      `${name}-image`,
      {
        context: "infra/images/edge",
        repository: "swarm-edge",
        platform: args.host.platform,
        tag: config.stack,
        engine: args.engine,
      },
      { parent: this },
    );
    const publish = [ports.http, ports.https, ports.engine, ...proxyTcpPorts].flatMap((port) => [
      "--publish",
      `127.0.0.1:${port}:${port}`,
    ]);
    const container = new HostContainer(
      name,
      {
        host: args.host,
        containerName: `${config.prefix}-edge`,
        stack: config.stack,
        image: image.reference,
        network: args.network.name,
        address: edgeAddress(config.subnet),
        memory: 128,
        after: [image],
        options: publish,
        files: [
          {
            path: "/etc/haproxy/haproxy.cfg",
            mode: "0644",
            content: renderEdgeConfig(ports, args.managers, proxyTcpPorts),
          },
        ],
        ready: ["bash", "-c", `</dev/tcp/127.0.0.1/${ports.http}`],
      },
      { parent: this },
    );

    this.httpUrl = container.containerName.apply(() => `http://127.0.0.1:${ports.http}`);
    this.httpsUrl = container.containerName.apply(() => `https://127.0.0.1:${ports.https}`);
    this.engineUrl = container.containerName.apply(() => `tcp://127.0.0.1:${ports.engine}`);
    this.registerOutputs({
      httpUrl: this.httpUrl,
      httpsUrl: this.httpsUrl,
      engineUrl: this.engineUrl,
    });
  }
}

/**
 * HAProxy's configuration. The proxy is told the client's address by PROXY protocol, and says by
 * `/healthz` on its HTTP port whether it takes requests on either: 404 means that it drains, and its
 * connections live on; 503 that it sees no task of any service. Of the engine API the edge sees only TCP.
 */
export function renderEdgeConfig(
  ports: Pick<Ports, "http" | "https" | "engine">,
  managers: readonly { readonly name: string; readonly address: string }[],
  tcpPorts: readonly number[] = [],
): string {
  const servers = (port: number, options: string, suffix = "") =>
    managers
      .map(({ name, address }) => `  server ${name}${suffix} ${address}:${port} ${options}`)
      .join("\n");
  // What to do where no proxy says that it can serve: to ask one of them all the same. Its answer says more than a closed connection.
  const proxies = (port: number, check: string) => `  balance leastconn
  option httpchk GET /healthz
  http-check disable-on-404
  option allbackups
${servers(port, `send-proxy-v2 check-send-proxy ${check}`)}
${servers(port, "send-proxy-v2 backup", "-unready")}`;
  const quickCheck = "check inter 500ms fall 2 rise 1";
  // A proxy that was away is believed after five seconds without a bad word: it may know tasks' addresses before it reaches them.
  const proxyCheck = "check inter 500ms fall 2 rise 10";
  const stream = (port: number) => `listen tcp-${port}
  bind :${port}
${proxies(port, `${proxyCheck} port 80`)}

`;
  return `global
  maxconn 8000
  hard-stop-after 30s

defaults
  mode tcp
  timeout connect 2s
  timeout check 1s
  timeout client 1h
  timeout server 1h
  retries 3
  option redispatch 1
  # A machine that dies without a word: its connections fail after 3 s, instead of the hour above. Those of a manager
  # that is merely marked down live on: a proxy that stops closes its port before its last request is answered.
  option srvtcpka
  srvtcpka-idle 1s
  srvtcpka-intvl 1s
  srvtcpka-cnt 2
  default-server tcp-ut 3s

listen http
  bind :${ports.http}
${proxies(80, proxyCheck)}

listen https
  bind :${ports.https}
${proxies(443, `${proxyCheck} port 80`)}

${tcpPorts.map(stream).join("")}listen engine
  bind :${ports.engine}
  balance leastconn
${servers(2376, quickCheck)}
`;
}
