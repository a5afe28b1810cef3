/** The only reader of Pulumi's configuration: validated at once, handed on as one readonly value. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  defaultPorts,
  defaultSubnet,
  edgeAddress,
  machineName,
  mostMachines,
  type Ports,
  type Role,
} from "./addresses";
import {
  type HostConfig,
  hostName,
  hostSchema,
  hostsSchema,
  keySchema,
  registrySchema,
} from "./hosts";
import { type LetsencryptConfig, letsencryptSchema } from "./letsencrypt";
import { checkLogging, type LoggingConfig, loggingKeys } from "./logging/config";
import { machineNames } from "./machines";
import { refusal } from "./refusal";

/** Everything that a stack can be told. Memory is in MiB. */
export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** `<project>-<stack>`: the prefix of every name on the host's engine. */
  readonly prefix: string;
  readonly machines: Readonly<Record<Role, number>>;
  /** The machines' names. */
  readonly names: readonly string[];
  /** The servers that are the machines; undefined where these are containers of this computer. */
  readonly hosts: HostsConfig | undefined;
  readonly entry: EntryConfig;
  readonly memory: Readonly<Record<Role, number>>;
  readonly proxyReplicas: number;
  /** Ports that TCP and SNI routes may open, on the edge and on every proxy. */
  readonly proxyTcpPorts: readonly number[];
  readonly app1Replicas: number;
  readonly store: StoreConfig;
  /** Whether volumes may not be deleted or replaced. */
  readonly protect: boolean;
  /** The number of the certificate authority behind the engines' API. */
  readonly authority: number;
  readonly ports: Ports;
  /** The /24 of the machines' bridge network. */
  readonly subnet: string;
  /** Certificates by ACME; undefined where the stack asks for none. */
  readonly letsencrypt: LetsencryptConfig | undefined;
  /** Central logging; undefined where the stack has no machine for it. */
  readonly logging: LoggingConfig | undefined;
}

/** Machines that are servers, and how they are reached. */
export interface HostsConfig {
  readonly all: readonly HostConfig[];
  /** Where images go, and where the hosts get them. */
  readonly registry: RegistryConfig;
  /** The private key, which goes into a file of this computer and nowhere else; undefined for the agent's. */
  readonly key: string | undefined;
  /** The name of the manager through which Pulumi speaks to the swarm. */
  readonly controlNode: string;
  /** URL of an apt repository with docker-ce; undefined for the distribution's docker.io. */
  readonly dockerRepository: string | undefined;
  /** Its version without the packaging's part; undefined for the newest at the time. */
  readonly dockerVersion: string | undefined;
  /** URLs of mirrors of Docker Hub. */
  readonly mirrors: readonly string[];
  /** Where clients find the proxies, without a slash at the end. */
  readonly publicUrl: string;
}

/** A registry that is there already. */
export interface RegistryConfig {
  /** `host[:port][/path]`. */
  readonly address: string;
  /** Who may push and pull; undefined where everyone may. */
  readonly login:
    { readonly username: string; readonly password: pulumi.Output<string> } | undefined;
  /** PEM of the authority that signed its certificate, where that is no public one. */
  readonly authority: string | undefined;
}

/** What stands between the clients and the proxies. */
export interface EntryConfig {
  /** From here, and only from here, connections to the proxies start with PROXY protocol. */
  readonly addresses: readonly string[];
  /** The HTTPS port that clients see. */
  readonly httpsPort: number;
}

/** How the store is made. */
export interface StoreConfig {
  /** The tag of the image `mongo`. */
  readonly tag: string;
  readonly members: number;
  /** Limit of each member in MiB. */
  readonly memory: number;
  /** Numbers of the passwords that are accepted, ascending; applications use the last one. */
  readonly passwords: readonly number[];
  /** Whether the members' data outlives the stack. */
  readonly keepData: boolean;
}

const port = z.coerce.number().int().min(0).max(65535);
const count = (least: number, role: Role) =>
  z.coerce.number().int().min(least).max(mostMachines(role));
/** HTTP, HTTPS, the proxy's control API, the engine's API, and what the engines of a swarm say to each other on. */
const machinePorts: ReadonlySet<number> = new Set([80, 443, 8080, 2376, 2377, 7946]);
const flag = z.stringbool({
  truthy: ["true"],
  falsy: ["false"],
  error: "must be true or false",
});
const mebibytes = z.coerce.number().int().min(512).max(1048576);

/** What no message repeats. */
const SECRET_KEYS: readonly string[] = ["elasticPassword", "sshKey", "registry.password"];

/** Mirrors the `config` section of Pulumi.yaml, which holds types, descriptions and defaults. */
const schema = z.strictObject({
  managers: count(1, "manager").refine((n) => n % 2 === 1, {
    error: "must be odd: an even number of managers survives no more losses than one fewer",
  }),
  workers: count(1, "worker"),
  loggers: count(0, "logger"),
  managerMemory: mebibytes,
  workerMemory: mebibytes,
  loggerMemory: mebibytes,
  proxyReplicas: z.coerce.number().int().min(0),
  proxyTcpPorts: structured(
    z.array(
      z
        .int()
        .min(1)
        .max(65535)
        .refine((n) => !machinePorts.has(n), { error: "is a port that the machines need" }),
      { error: "must be a list of ports" },
    ),
  ),
  app1Replicas: z.coerce.number().int().min(1),
  mongoTag: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, {
    error: "must be a tag of the image mongo, such as 8",
  }),
  mongoMembers: z.coerce
    .number()
    .int()
    .min(1)
    .max(7)
    .refine((n) => n % 2 === 1, {
      error: "must be odd: an even number of members survives no more losses than one fewer",
    }),
  mongoMemory: mebibytes,
  keepData: flag,
  protect: flag,
  authority: z.coerce.number().int().min(1).max(999_999),
  mongoPasswords: z
    .string()
    .regex(/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/, { error: "must be numbers such as 1 or 1,2" })
    .transform((text) => text.split(",").map(Number))
    .refine((numbers) => numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number)), {
      error: "must be ascending, as the last one is what applications use",
    }),
  httpPort: port,
  httpsPort: port,
  enginePort: port,
  registryPort: port,
  subnet: z.union([
    z.literal(""),
    z
      .string()
      .regex(/^10\.(19[2-9]|2[01]\d|22[0-3])\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.0\/24$/, {
        error: "must be a /24 in 10.192.0.0/11, such as 10.200.7.0/24",
      }),
  ]),
  letsencrypt: structured(letsencryptSchema),
  hosts: structured(hostsSchema),
  sshKey: keySchema,
  controlNode: z.string(),
  publicUrl: z.union([
    z.literal(""),
    z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }),
  ]),
  loadBalancers: structured(
    z.array(z.union([z.ipv4(), z.cidrv4()]), { error: "must be a list of IPv4 addresses" }),
  ),
  dockerRepository: z.union([
    z.literal(""),
    z.url({ protocol: /^https?$/, error: "must be the URL of an apt repository" }),
  ]),
  dockerVersion: z.string().regex(/^(\d+(\.\d+){0,2}[\w.+~-]*)?$/, {
    error: "must be a version such as 26.1.5",
  }),
  registryMirrors: structured(
    z.array(z.url({ protocol: /^https?$/ }), { error: "must be a list of URLs" }),
  ),
  registry: structured(registrySchema),
  ...loggingKeys,
});

/** A value that `pulumi config set --path` makes, and that comes as JSON; an empty object is none. */
function structured<T extends z.ZodType>(value: T) {
  const parsed = z.string().transform((text, context) => {
    try {
      const found: unknown = JSON.parse(text);
      return JSON.stringify(found) === "{}" ? undefined : found;
    } catch {
      context.addIssue({ code: "custom", message: "must be an object" });
      return z.NEVER;
    }
  });
  return parsed.pipe(value.optional());
}

/** Reads the configuration of the stack that runs. @throws as {@link parseConfig} does. */
export function readConfig(): StackConfig {
  const project = pulumi.getProject();
  const own = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(`${project}:`))
    .map(([key, value]) => [key.slice(project.length + 1), value]);
  return parseConfig(project, pulumi.getStack(), Object.fromEntries(own) as Record<string, string>);
}

/**
 * Turns the stack's raw values into a {@link StackConfig}.
 * @throws pulumi.RunError that names every wrong key, what it got and how to set it right.
 */
export function parseConfig(
  project: string,
  stack: string,
  values: Readonly<Record<string, string>>,
): StackConfig {
  const result = schema.safeParse(values);
  if (!result.success) throw wrongKeys(result.error.issues, values);
  const value = result.data;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(stack)) {
    throw refusal(
      `the stack's name must be of a-z, 0-9 and "-" and at most 40 long, as it names containers; got "${stack}"`,
    );
  }
  const hosts = value.hosts && value.hosts.length > 0 ? hostsOf(value, value.hosts) : undefined;
  if (value.registry && !hosts) {
    throw refusal(
      `registry: containers of this computer have one of the stack's own, and only "hosts" need another ` +
        `(remove it with "pulumi config rm registry")`,
    );
  }
  const machines = hosts
    ? countRoles(hosts.all)
    : { manager: value.managers, worker: value.workers, logger: value.loggers };
  const names = hosts
    ? hosts.all.map(hostName)
    : machineNames(machines).map(({ role, ordinal }) => machineName(role, ordinal));
  if (value.proxyReplicas > machines.manager) {
    throw refusal(
      `proxyReplicas must be at most the number of managers (${machines.manager}), as each takes a manager's ` +
        `ports 80 and 443; got ${value.proxyReplicas}. Lower it or raise "managers".`,
    );
  }
  const derived = defaultPorts(stack);
  const ports: Ports = {
    http: value.httpPort || derived.http,
    https: value.httpsPort || derived.https,
    engine: value.enginePort || derived.engine,
    registry: value.registryPort || derived.registry,
  };
  const subnet = value.subnet || defaultSubnet(stack);
  const proxyTcpPorts = value.proxyTcpPorts ?? [];
  const given: readonly (readonly [string, number])[] = [
    ...Object.entries<number>({ ...ports }).map(([name, n]) => [`${name}Port`, n] as const),
    ...proxyTcpPorts.map((n, i) => [`proxyTcpPorts[${i}]`, n] as const),
  ];
  const twice = given.find(([name, number]) =>
    given.some(([other, n]) => other !== name && n === number),
  );
  if (twice) {
    throw refusal(
      `${twice[0]}: ${twice[1]} is given to two things of the stack. Give each its own port.`,
    );
  }
  const memory = {
    manager: value.managerMemory,
    worker: value.workerMemory,
    logger: value.loggerMemory,
  };
  return {
    project,
    stack,
    prefix: `${project}-${stack}`,
    machines,
    names,
    hosts,
    entry: hosts
      ? { addresses: value.loadBalancers ?? [], httpsPort: 443 }
      : { addresses: [edgeAddress(subnet)], httpsPort: ports.https },
    memory,
    proxyReplicas: value.proxyReplicas || machines.manager,
    proxyTcpPorts,
    app1Replicas: value.app1Replicas,
    store: {
      tag: value.mongoTag,
      members: value.mongoMembers,
      memory: value.mongoMemory,
      passwords: value.mongoPasswords,
      keepData: value.keepData,
    },
    protect: value.protect,
    authority: value.authority,
    ports,
    subnet,
    letsencrypt: value.letsencrypt && placed(value.letsencrypt, names),
    logging: machines.logger > 0 ? logging(value, memory.logger) : undefined,
  };
}

/** @throws pulumi.RunError when what only hosts need is missing, or names none of them. */
function hostsOf(value: z.infer<typeof schema>, all: readonly HostConfig[]): HostsConfig {
  const managers = all.filter(({ role }) => role === "manager");
  const [first] = managers;
  const controlNode = value.controlNode || (first ? hostName(first) : "");
  const names = managers.map(hostName);
  if (!names.includes(controlNode)) {
    throw refusal(
      `controlNode: there is no manager "${controlNode}" in "hosts" (set one of ${names.join(", ")} ` +
        `with "pulumi config set controlNode …")`,
    );
  }
  if (!value.registry) {
    throw refusal(
      `registry.address: hosts pull images from a registry that they reach, and there is none ` +
        `(set it with "pulumi config set --path registry.address …")`,
    );
  }
  const taken = managers.find(({ port: number }) => value.proxyTcpPorts?.includes(number));
  if (taken) {
    throw refusal(
      `proxyTcpPorts: ssh answers on port ${taken.port} of ${hostName(taken)}. Choose another for the ` +
        `proxies with "pulumi config set --path 'proxyTcpPorts[…]' N".`,
    );
  }
  return {
    all,
    registry: registryOf(value.registry),
    key: value.sshKey || undefined,
    controlNode,
    dockerRepository: value.dockerRepository.replace(/\/+$/, "") || undefined,
    dockerVersion: value.dockerVersion || undefined,
    mirrors: value.registryMirrors ?? [],
    publicUrl: (value.publicUrl || `http://${first?.address}`).replace(/\/+$/, ""),
  };
}

function countRoles(hosts: readonly HostConfig[]): Record<Role, number> {
  const count = (role: Role) => hosts.filter((host) => host.role === role).length;
  return { manager: count("manager"), worker: count("worker"), logger: count("logger") };
}

function registryOf({
  address,
  username,
  password,
  ca,
}: z.infer<typeof registrySchema>): RegistryConfig {
  return {
    address,
    login:
      username === undefined || password === undefined
        ? undefined
        : { username, password: pulumi.secret(password) },
    authority: ca,
  };
}

/** @throws pulumi.RunError when the node is no machine of the stack: the companion would wait for it for ever. */
function placed(letsencrypt: LetsencryptConfig, names: readonly string[]): LetsencryptConfig {
  if (names.includes(letsencrypt.node)) return letsencrypt;
  throw refusal(
    `letsencrypt.node: there is no machine "${letsencrypt.node}" in the stack (set one of ${names.join(", ")} ` +
      `with "pulumi config set --path letsencrypt.node …")`,
  );
}

function logging(value: z.infer<typeof schema>, loggerMemory: number): LoggingConfig {
  const wanted: LoggingConfig = {
    version: value.elasticVersion,
    heap: value.elasticHeap,
    retention: value.logRetention,
    password: value.elasticPassword ? pulumi.secret(value.elasticPassword) : undefined,
  };
  checkLogging(wanted, loggerMemory);
  return wanted;
}

/** The keys in each structured value, or in each entry of one that is a list. */
const shapes = {
  letsencrypt: letsencryptSchema.shape,
  hosts: hostSchema.shape,
  registry: registrySchema.shape,
};

/** As `pulumi config set --path` takes it: `hosts[2].address`. */
const written = (path: readonly string[]): string =>
  path.join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]");

function wrongKeys(
  issues: readonly z.core.$ZodIssue[],
  values: Readonly<Record<string, string>>,
): pulumi.RunError {
  const lines = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    // Neither a secret nor what one is in.
    const hidden = SECRET_KEYS.some((key) => `${key}.`.startsWith(`${path.join(".")}.`));
    const secret = SECRET_KEYS.includes(path.join("."));
    const option = (path.length > 1 ? "--path " : "") + (secret ? "--secret " : "");
    if (issue.code === "unrecognized_keys") {
      const shape = path.length === 0 ? schema.shape : shapes[path[0] as keyof typeof shapes];
      const known = Object.keys(shape).join(", ");
      return issue.keys.map((key) => {
        const name = written([...path, key]);
        const remove = `pulumi config rm ${path.length > 0 ? "--path " : ""}${name}`;
        return `${name} is not a key of this program (remove it with "${remove}"); known are ${known}`;
      });
    }
    const key = written(path);
    const value = valueAt(values, path);
    // A private key where the public one belongs is a secret too.
    const got = hidden || value.includes("PRIVATE KEY") ? "" : `, got ${value}`;
    return `${key}: ${issue.message}${got} (set it with "pulumi config set ${option}${key} …")`;
  });
  return refusal(`the configuration is not usable:\n  ${lines.join("\n  ")}`);
}

/** What stands at a path, for people to read. */
function valueAt(values: Readonly<Record<string, string>>, path: readonly string[]): string {
  const [key = "", ...rest] = path;
  const text = values[key] ?? "";
  if (rest.length === 0) return `"${text}"`;
  const found = rest.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    JSON.parse(text),
  );
  return found === undefined ? "nothing" : JSON.stringify(found);
}
