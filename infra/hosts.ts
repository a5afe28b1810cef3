/** What the config `hosts` may say: servers that are the machines of a stack, reached by ssh. */
import { z } from "zod";
import { innerAddresses, machineName, mostMachines, overlaps, type Role } from "./addresses";

/** A server that is a machine. */
export interface HostConfig {
  readonly role: Role;
  /** Its number among those of its role, counted from 1: with the role, the machine's name. */
  readonly ordinal: number;
  /** IPv4, where this computer and the other hosts reach it. */
  readonly address: string;
  readonly user: string;
  /** Of its ssh server. */
  readonly port: number;
  /** Its public key, as `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Node labels in the swarm. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Its name in the swarm: `manager-1`. */
export const hostName = ({ role, ordinal }: HostConfig): string => machineName(role, ordinal);

const roles = ["manager", "worker", "logger"] as const;

const label = z.string().regex(/^[^\s=]+$/, { error: "must be one word without =" });

export const hostSchema = z.strictObject({
  role: z.enum(roles, { error: "must be manager, worker or logger" }),
  number: z.coerce.number().int().min(1).max(999).optional(),
  address: z.ipv4({ error: "must be an IPv4 address" }),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be a user's name" })
    .default("root"),
  port: z.coerce.number().int().min(1).max(65535).default(22),
  hostKey: z.string().transform((text, context) => {
    const key = parseHostKey(text);
    if (key) return key;
    const message =
      'must be the host\'s public key, such as "ssh-ed25519 AAAA…", the content of /etc/ssh/ssh_host_ed25519_key.pub there';
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }),
  labels: z.record(label, label).default({}),
});

/** `type base64` without comment; undefined for what is no public key that hosts have. */
export function parseHostKey(text: string): string | undefined {
  const [type = "", base64 = ""] = text.trim().split(/\s+/);
  if (!/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/.test(type)) return undefined;
  const blob = Buffer.from(base64, "base64");
  const named = blob.subarray(4, 4 + type.length).toString("latin1");
  return named === type && blob.length > type.length + 8 ? `${type} ${base64}` : undefined;
}

type Entry = z.output<typeof hostSchema>;

export const hostsSchema = z
  .array(hostSchema, { error: "must be a list of hosts" })
  .superRefine((entries, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const hosts = numbered(entries);
    hosts.forEach((host, i) => {
      const before = hosts.slice(0, i);
      const sameName = before.findIndex((other) => hostName(other) === hostName(host));
      if (sameName >= 0) {
        issue([i, "number"], `makes it ${hostName(host)}, which hosts[${sameName}] is already`);
      }
      const sameAddress = before.findIndex(({ address }) => address === host.address);
      if (sameAddress >= 0) issue([i, "address"], `is that of hosts[${sameAddress}] already`);
      if (overlaps(`${host.address}/32`, innerAddresses)) {
        issue([i, "address"], `is in ${innerAddresses}, which engines and overlays use inside`);
      }
    });
    if (hosts.length === 0) return;
    const count = (role: Role) => hosts.filter((host) => host.role === role).length;
    if (count("manager") % 2 === 0) {
      issue(
        [],
        "must have an odd number of managers: an even one survives no more losses than one fewer",
      );
    }
    if (count("worker") === 0) issue([], "must have a worker");
    for (const role of roles) {
      if (count(role) > mostMachines(role)) issue([], `may have ${mostMachines(role)} ${role}s`);
    }
  })
  .transform(numbered);

/** Those without a number have that of their place among the hosts of their role. */
function numbered(entries: readonly Entry[]): HostConfig[] {
  return entries.map(({ number, ...host }, i) => ({
    ...host,
    ordinal: number ?? entries.slice(0, i + 1).filter(({ role }) => role === host.role).length,
  }));
}

/** The private key that hosts are reached with; empty for that of the agent. */
export const keySchema = z.string().refine((text) => text === "" || isReadable(text), {
  error: 'must be a private key without a passphrase, as "ssh-keygen" writes it',
});

/** What stands for a secret where a preview may not read it: `scripts/stack` puts it there. */
export const UNREADABLE = "[secret]";

const isReadable = (text: string): boolean =>
  text === UNREADABLE ||
  /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[^]+\n-----END [A-Z ]*PRIVATE KEY-----\s*$/.test(text);

/** A registry that machines and this computer reach by HTTPS. */
export const registrySchema = z
  .strictObject({
    address: z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/, {
      error: "must be a registry such as registry.example.com or registry.example.com:5000/team",
    }),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    ca: z
      .string()
      .regex(/^\s*-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\s*$/, {
        error: "must be certificates in PEM",
      })
      .optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    path: ["username"],
    error: "and registry.password go together: one of them is missing",
  });
