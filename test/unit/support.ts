/** Runs parts of the program against Pulumi's mocks and reports what they registered. */
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor, type MockResourceArgs } from "@pulumi/pulumi/runtime/mocks";
import { parseConfig, type StackConfig } from "../../infra/config";
import type { Host } from "../../infra/host";
import type { SeenNodes } from "../../infra/nodes";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  /** `type name` of the parent, "" for the stack. */
  readonly parent: string;
  /** Names of the resources that it is told to wait for. */
  readonly dependsOn: readonly string[];
  readonly deletedWith: string;
  readonly retainOnDelete: boolean;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly secretOutputs: readonly string[];
  /** Name of the explicit provider, "" for none. */
  readonly provider: string;
}

/** The values that Pulumi.yaml gives by default. */
export const defaults: Readonly<Record<string, string>> = {
  managers: "3",
  workers: "3",
  loggers: "1",
  managerMemory: "1024",
  workerMemory: "2048",
  loggerMemory: "3584",
  elasticVersion: "9.2.0",
  elasticHeap: "512",
  elasticPassword: "",
  logRetention: "7d",
  proxyReplicas: "0",
  proxyTcpPorts: "[]",
  app1Replicas: "3",
  mongoTag: "8",
  mongoMembers: "3",
  mongoMemory: "512",
  keepData: "false",
  protect: "false",
  authority: "1",
  mongoPasswords: "1",
  httpPort: "0",
  httpsPort: "0",
  enginePort: "0",
  registryPort: "0",
  subnet: "",
  letsencrypt: "{}",
  hosts: "[]",
  sshKey: "",
  controlNode: "",
  publicUrl: "",
  loadBalancers: "[]",
  dockerRepository: "",
  dockerVersion: "",
  registryMirrors: "[]",
  registry: "{}",
};

export const configWith = (values: Record<string, string> = {}, stack = "dev"): StackConfig =>
  parseConfig("swarm", stack, { ...defaults, ...values });

/** A host where everything runs, made in generation `g1`. */
export const host: Host = {
  platform: { os: "linux", architecture: "amd64" },
  generation: () => "g1",
  standIns: {},
};

/** A swarm that lists all as it should, looked after in generation `m1`. */
export const nodes: SeenNodes = { areKnown: true, generation: () => "m1" };

/** What every random secret is here, to be looked for where none may be. */
export const canary = "cafe0000canary";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** What `command` and `docker` would answer, enough for what depends on it. */
function answer(args: MockResourceArgs): Record<string, unknown> {
  const inputs = args.inputs as Record<string, never>;
  switch (args.type) {
    case "command:local:Command":
      return { ...inputs, stdout: stdoutOf(inputs), stderr: "" };
    case "docker:index/image:Image":
      return {
        ...inputs,
        repoDigest: inputs["skipPush"]
          ? DIGEST
          : `${String(inputs["imageName"]).replace(/:[^:/]*$/, "")}@${DIGEST}`,
      };
    default:
      return inputs;
  }
}

function stdoutOf(inputs: { create?: string; environment?: Record<string, string> }): string {
  if (inputs.create?.includes("pki.sh")) {
    const names = ["ca", "engineKey", "engine", "clientKey", "client"];
    const entries = names.map((name) => [name, Buffer.from(`PEM of ${name}`).toString("base64")]);
    return JSON.stringify(Object.fromEntries(entries));
  }
  if (inputs.create?.includes("swarm-init.sh")) return "cluster-1";
  if (inputs.create?.startsWith("openssl rand")) return canary;
  return inputs.environment?.["NAME"] ?? "";
}

/**
 * Runs the whole program with these settings besides the defaults.
 * @param facts what `scripts/host/inspect.sh` prints
 * @returns what it registered, and its outputs with their values
 */
export async function wholeProgram(
  values: Readonly<Record<string, string>>,
  facts: string,
): Promise<{ resources: Registered[]; outputs: Record<string, unknown> }> {
  let outputs: Record<string, unknown> = {};
  const resources = await registered(
    async () => {
      const all = Object.entries({ ...defaults, ...values });
      pulumi.runtime.setAllConfig(Object.fromEntries(all.map(([k, v]) => [`swarm:${k}`, v])));
      const { default: run } = (await import("../../index")) as unknown as {
        default: () => Promise<Record<string, unknown>>;
      };
      outputs = await run();
    },
    { facts },
  );
  const plain = await new Promise<Record<string, unknown>>((resolve) =>
    pulumi.all(outputs as Record<string, pulumi.Output<unknown>>).apply(resolve),
  );
  return { resources, outputs: plain };
}

/**
 * Runs `program` and returns everything that it registered, in order of names.
 * @param facts what `scripts/host/inspect.sh` prints
 */
export async function registered(
  program: () => unknown,
  { preview = false, facts = "" } = {},
): Promise<Registered[]> {
  const mocks: pulumi.runtime.Mocks = {
    newResource: (args) => ({ id: `${args.name}-id`, state: answer(args) }),
    call: () => ({ stdout: facts, stderr: "" }),
  };
  const all: Registered[] = [];
  // The mocks are not told resource options; the request to the monitor has them.
  const monitor = MockMonitor.prototype as unknown as { registerResource: Register };
  const original = monitor.registerResource;
  const spy = jest.spyOn(monitor, "registerResource").mockImplementation(function (
    this: unknown,
    request,
    done,
  ) {
    if (request.getType() !== "pulumi:pulumi:Stack") all.push(record(request, all));
    return original.call(this, request, done);
  });
  try {
    await pulumi.runtime.setMocks(mocks, "swarm", "dev", preview);
    await program();
    await pulumi.runtime.disconnect();
  } finally {
    spy.mockRestore();
  }
  return all.sort((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));
}

type Register = (this: unknown, request: RegisterResourceRequest, done: unknown) => Promise<void>;

function record(request: RegisterResourceRequest, before: readonly Registered[]): Registered {
  const parent = shortUrn(request.getParent());
  const inherited = before.find(({ type, name }) => `${type} ${name}` === parent)?.deletedWith;
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    parent,
    dependsOn: [...new Set(request.getDependenciesList().map(nameOf))].sort(),
    // The engine hands this option down from the parent.
    deletedWith: nameOf(request.getDeletedwith()) || (inherited ?? ""),
    retainOnDelete: request.getRetainondelete() ?? false,
    protect: request.getProtect() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    provider: nameOf(request.getProvider()),
  };
}

const nameOf = (urn: string): string => urn.split("::")[3] ?? "";

function shortUrn(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").pop() ?? "";
  return type === "" || type === "pulumi:pulumi:Stack" ? "" : `${type} ${name}`;
}

/** The one resource of a type and name. */
export function only(all: readonly Registered[], type: string, name: string): Registered {
  const found = all.filter((r) => r.type === type && r.name === name);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`${found.length} resources ${type} ${name}`);
  return first;
}

/** The plain value of an input that the mocks may have marked as secret. */
export function unwrap(value: unknown): unknown {
  const marker = pulumi.runtime.specialSigKey;
  return value !== null && typeof value === "object" && marker in value
    ? (value as unknown as { value: unknown }).value
    : value;
}

/** Whether an input went out marked as secret. */
export const isSecret = (value: unknown): boolean => unwrap(value) !== value;
