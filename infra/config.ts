/** The only reader of Pulumi's configuration: validated at once, handed on as one readonly value. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { defaultPorts, defaultSubnet, mostMachines, type Ports, type Role } from "./addresses";
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
  readonly memory: Readonly<Record<Role, number>>;
  readonly proxyReplicas: number;
  /** Ports that TCP and SNI routes may open, on the edge and on every proxy. */
  readonly proxyTcpPorts: readonly number[];
  readonly app1Replicas: number;
  readonly store: StoreConfig;
  /** Whether volumes may not be deleted or replaced. */
  readonly protect: boolean;
  readonly ports: Ports;
  /** The /24 of the machines' bridge network. */
  readonly subnet: string;
  /** Certificates by ACME; undefined where the stack asks for none. */
  readonly letsencrypt: LetsencryptConfig | undefined;
  /** Central logging; undefined where the stack has no machine for it. */
  readonly logging: LoggingConfig | undefined;
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
const SECRET_KEYS: readonly string[] = ["elasticPassword"];

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
  if (value.proxyReplicas > value.managers) {
    throw refusal(
      `proxyReplicas must be at most the number of managers (${value.managers}), as each takes a manager's ` +
        `ports 80 and 443; got ${value.proxyReplicas}. Lower it or raise "managers".`,
    );
  }
  const machines = { manager: value.managers, worker: value.workers, logger: value.loggers };
  const derived = defaultPorts(stack);
  const ports: Ports = {
    http: value.httpPort || derived.http,
    https: value.httpsPort || derived.https,
    engine: value.enginePort || derived.engine,
    registry: value.registryPort || derived.registry,
  };
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
    memory,
    proxyReplicas: value.proxyReplicas || value.managers,
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
    ports,
    subnet: value.subnet || defaultSubnet(stack),
    letsencrypt: value.letsencrypt && placed(value.letsencrypt, machines),
    logging: machines.logger > 0 ? logging(value, memory.logger) : undefined,
  };
}

/** @throws pulumi.RunError when the node is no machine of the stack: the companion would wait for it for ever. */
function placed(
  letsencrypt: LetsencryptConfig,
  machines: Readonly<Record<Role, number>>,
): LetsencryptConfig {
  const names = machineNames(machines).map(({ role, ordinal }) => `${role}-${ordinal}`);
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

function wrongKeys(
  issues: readonly z.core.$ZodIssue[],
  values: Readonly<Record<string, string>>,
): pulumi.RunError {
  const lines = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    const isSecret = SECRET_KEYS.includes(path[0] ?? "");
    const option = isSecret ? "--secret " : path.length > 1 ? "--path " : "";
    if (issue.code === "unrecognized_keys") {
      const shape = path.length === 0 ? schema.shape : letsencryptSchema.shape;
      const known = Object.keys(shape).join(", ");
      return issue.keys.map((key) => {
        const name = [...path, key].join(".");
        const remove = `pulumi config rm ${path.length > 0 ? "--path " : ""}${name}`;
        return `${name} is not a key of this program (remove it with "${remove}"); known are ${known}`;
      });
    }
    const key = path.join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]");
    const got = isSecret ? "" : `, got ${valueAt(values, path)}`;
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
