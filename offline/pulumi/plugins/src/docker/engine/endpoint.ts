import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NotSupported } from "../../protocol/provider";

/** Certificates for TLS to the engine, PEM. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly tls?: TlsMaterial;
    }
  | { readonly kind: "ssh"; readonly command: readonly string[] };

/** What of the provider's configuration says where the engine is. */
export interface EndpointConfig {
  readonly host: string;
  readonly sshOpts: readonly string[];
  readonly caMaterial?: string;
  readonly certMaterial?: string;
  readonly keyMaterial?: string;
  readonly certPath?: string;
}

/** What `host` may begin with. */
export const SCHEMES = ["unix", "tcp", "http", "https", "ssh"] as const;

/**
 * Reads an engine's address. Nothing but the arguments decides: no environment variable is looked at.
 * @throws if the address or the TLS material is incomplete
 */
export function parseEndpoint(config: EndpointConfig): Endpoint {
  const match = /^([a-z]+):\/\/(.*)$/.exec(config.host);
  const [, scheme = "", rest = ""] = match ?? [];
  const tls = tlsMaterial(config);
  switch (scheme) {
    case "unix":
      return { kind: "unix", path: rest };
    case "ssh":
      return { kind: "ssh", command: sshCommand(new URL(config.host), config.sshOpts) };
    case "tcp":
    case "http":
    case "https": {
      const url = new URL(`http://${rest}`);
      const port = Number(url.port) || (tls ? 2376 : 2375);
      return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port, tls };
    }
    default:
      throw new NotSupported(`the docker host '${config.host}'`);
  }
}

function tlsMaterial(config: EndpointConfig): TlsMaterial | undefined {
  const { caMaterial: ca, certMaterial: cert, keyMaterial: key, certPath } = config;
  if (ca || cert || key) {
    if (!ca || !cert || !key) {
      throw new Error("certMaterial, keyMaterial, and caMaterial must all be specified");
    }
    if (certPath) throw new Error("when using raw certificates, certPath must not be specified");
    return { ca, cert, key };
  }
  if (!certPath) return undefined;
  const pem = (name: string) => readFileSync(join(certPath, `${name}.pem`), "utf8");
  return { ca: pem("ca"), cert: pem("cert"), key: pem("key") };
}

/** The command whose stdin and stdout are a connection to the engine on the other host, as `docker -H ssh://` runs it. */
function sshCommand(url: URL, options: readonly string[]): string[] {
  if (url.hostname === "") throw new Error(`no host in '${url.href}'`);
  if (url.password !== "") throw new Error("plain-text passwords in an ssh host are not allowed");
  return [
    "ssh",
    ...options,
    "-o",
    "ConnectTimeout=30",
    "-T",
    ...(url.username === "" ? [] : ["-l", decodeURIComponent(url.username)]),
    ...(url.port === "" ? [] : ["-p", url.port]),
    "--",
    url.hostname,
    "docker",
    "system",
    "dial-stdio",
  ];
}
