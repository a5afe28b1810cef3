import type { CheckFailure, CheckResult, DiffKind, DiffResult } from "../protocol/provider";
import { NotSupported } from "../protocol/provider";
import type { PropertyMap, Value } from "../protocol/values";
import {
  UNKNOWN,
  canonical,
  hasUnknown,
  isAbsent,
  isSecret,
  reveal,
  revealMap,
  secret,
} from "../protocol/values";
import type { RegistryAuthEntry } from "./auth";
import type { EndpointConfig } from "./engine/endpoint";
import { SCHEMES } from "./engine/endpoint";

/** What the provider may be told, and what it is told by the SDK. */
const KNOWN = [
  "caMaterial",
  "certMaterial",
  "certPath",
  "disableDockerDaemonCheck",
  "host",
  "keyMaterial",
  "registryAuth",
  "sshOpts",
  "version",
];

/** Where an engine is when nobody says. */
const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** A provider's configuration, read. */
export interface ProviderConfig {
  readonly endpoint: EndpointConfig;
  readonly registryAuth: readonly RegistryAuthEntry[];
}

/** Checks a provider's configuration; what is not known yet passes. */
export function checkConfig(news: PropertyMap): CheckResult {
  const failures: CheckFailure[] = Object.keys(news)
    .filter((key) => !KNOWN.includes(key))
    .map((property) => ({
      property,
      reason: new NotSupported(`the provider property '${property}'`).message,
    }));
  const host = reveal(news.host ?? null);
  const scheme = typeof host === "string" ? (host.split("://", 1)[0] ?? "") : "";
  if (typeof host === "string" && host !== UNKNOWN && !SCHEMES.some((known) => known === scheme)) {
    const reason = `unable to parse docker host '${host}': it begins with none of ${SCHEMES.join("://, ")}://`;
    failures.push({ property: "host", reason });
  }
  const inputs: PropertyMap = { ...news };
  // Lists and objects come as JSON; the credentials in this one are secret, whoever gave them.
  if (!isAbsent(news.registryAuth) && !hasUnknown(news.registryAuth)) {
    inputs.registryAuth = secret(canonical(parsed(reveal(news.registryAuth))));
  }
  return { inputs, failures };
}

/** Compares two configurations. A provider is never replaced: what it made stays where it is. */
export function diffConfig(oldInputs: PropertyMap, news: PropertyMap): DiffResult {
  const detailed: Record<string, DiffKind> = {};
  for (const key of KNOWN.filter((name) => name !== "version")) {
    // What is not known yet may well stay as it is: the update itself will tell.
    if (hasUnknown(news[key])) continue;
    const [old, now] = [oldInputs[key], news[key]].map((value) => canonical(parsed(value)));
    if (old !== now) detailed[key] = "UPDATE";
  }
  const changed = Object.keys(detailed);
  return {
    changes: changed.length > 0,
    detailed,
    inputDiff: true,
    hasDetailed: false,
    replaces: [],
    diffs: changed,
    stables: [],
    deleteBeforeReplace: false,
  };
}

/** Reads a checked configuration. */
export function readConfig(args: PropertyMap): ProviderConfig {
  const plain = revealMap(args);
  const text = (key: string): string | undefined =>
    typeof plain[key] === "string" && plain[key] !== "" ? plain[key] : undefined;
  const list = (key: string): Value[] => {
    const value = parsed(plain[key]);
    return Array.isArray(value) ? value : [];
  };
  return {
    endpoint: {
      host: text("host") ?? DEFAULT_HOST,
      sshOpts: list("sshOpts").map(String),
      caMaterial: text("caMaterial"),
      certMaterial: text("certMaterial"),
      keyMaterial: text("keyMaterial"),
      certPath: text("certPath"),
    },
    registryAuth: list("registryAuth").map((entry) => entry as unknown as RegistryAuthEntry),
  };
}

/** A value that may have come as JSON. */
function parsed(value: Value | undefined): Value {
  const plain = isSecret(value) ? value.value : (value ?? null);
  if (typeof plain !== "string") return plain;
  try {
    return JSON.parse(plain) as Value;
  } catch {
    return plain;
  }
}
