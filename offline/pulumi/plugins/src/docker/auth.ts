import { readFileSync } from "node:fs";
import { NotSupported } from "../protocol/provider";

/** Credentials for one registry, as the engine takes them in `X-Registry-Auth`. */
export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly serveraddress?: string;
}

/** One entry of the provider's `registryAuth`. */
export interface RegistryAuthEntry {
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  readonly authDisabled?: boolean;
  readonly configFile?: string;
  readonly configFileContent?: string;
}

/** The registries that the provider has credentials for. */
export class RegistryAuth {
  private readonly byHost = new Map<string, RegistryCredentials>();

  /** @throws if an entry points to a credential helper or to a file that cannot be read */
  constructor(entries: readonly RegistryAuthEntry[]) {
    for (const entry of entries) {
      if (entry.authDisabled) continue;
      const host = hostOf(entry.address);
      this.byHost.set(host, { ...credentialsOf(entry, host), serveraddress: host });
    }
  }

  /** Credentials for the registry of an image; empty ones where none are known. */
  forImage(image: string): RegistryCredentials {
    return this.byHost.get(registryOf(image)) ?? {};
  }
}

/** The header with which the engine takes credentials. */
export function authHeader(credentials: RegistryCredentials): Record<string, string> {
  const json = JSON.stringify(credentials);
  // URL-safe, but with padding, which Node's "base64url" leaves out.
  const encoded = Buffer.from(json).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  return { "X-Registry-Auth": encoded };
}

/** The registry in an image's name: its first part, if that can be a host at all. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : "docker.io";
}

/** A registry's host[:port] without scheme and path, Docker Hub's many names being one. */
export function hostOf(address: string): string {
  const host = address.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
  const hub = ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "docker.io"];
  return hub.includes(host) ? "docker.io" : host;
}

function credentialsOf(entry: RegistryAuthEntry, host: string): RegistryCredentials {
  if (entry.username) return { username: entry.username, password: entry.password };
  const content =
    entry.configFileContent ?? (entry.configFile && readFileSync(entry.configFile, "utf8"));
  if (!content) return {};
  const config = JSON.parse(content) as {
    auths?: Record<string, { auth?: string }>;
    credsStore?: string;
    credHelpers?: Record<string, string>;
  };
  const known = Object.entries(config.auths ?? {}).find(([address]) => hostOf(address) === host);
  const encoded = known?.[1].auth;
  if (!encoded) {
    if (config.credsStore || config.credHelpers?.[host]) {
      throw new NotSupported(`a credential helper (registryAuth of ${host})`);
    }
    return {};
  }
  const [username, ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return { username, password: password.join(":") };
}
