/** The only reader of Pulumi's configuration: validated at once, handed on as one readonly value. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { defaultPorts, defaultSubnet, mostMachines, type Ports, type Role } from "./addresses";
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
  readonly app1Replicas: number;
  readonly ports: Ports;
  /** The /24 of the machines' bridge network. */
  readonly subnet: string;
}

const port = z.coerce.number().int().min(0).max(65535);
const count = (least: number, role: Role) =>
  z.coerce.number().int().min(least).max(mostMachines(role));
const mebibytes = z.coerce.number().int().min(512).max(1048576);

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
  app1Replicas: z.coerce.number().int().min(1),
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
});

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
  const derived = defaultPorts(stack);
  const ports: Ports = {
    http: value.httpPort || derived.http,
    https: value.httpsPort || derived.https,
    engine: value.enginePort || derived.engine,
    registry: value.registryPort || derived.registry,
  };
  const twice = Object.entries(ports).find(([name, number]) =>
    Object.entries(ports).some(([other, n]) => other !== name && n === number),
  );
  if (twice) {
    throw refusal(
      `${twice[0]}Port: ${twice[1]} is given to two things of the stack. Give each its own port.`,
    );
  }
  return {
    project,
    stack,
    prefix: `${project}-${stack}`,
    machines: { manager: value.managers, worker: value.workers, logger: value.loggers },
    memory: {
      manager: value.managerMemory,
      worker: value.workerMemory,
      logger: value.loggerMemory,
    },
    proxyReplicas: value.proxyReplicas || value.managers,
    app1Replicas: value.app1Replicas,
    ports,
    subnet: value.subnet || defaultSubnet(stack),
  };
}

function wrongKeys(
  issues: readonly z.core.$ZodIssue[],
  values: Readonly<Record<string, string>>,
): pulumi.RunError {
  const lines = issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(schema.shape).join(", ");
      return issue.keys.map(
        (key) =>
          `${key} is not a key of this program (remove it with "pulumi config rm ${key}"); known are ${known}`,
      );
    }
    const key = issue.path.map(String).join(".");
    return `${key}: ${issue.message}, got "${values[key] ?? ""}" (set it with "pulumi config set ${key} …")`;
  });
  return refusal(`the configuration is not usable:\n  ${lines.join("\n  ")}`);
}
