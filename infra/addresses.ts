/**
 * Where a stack lives on its host: everything here derives from the stack's name, so that several
 * stacks stand side by side on one engine, and nothing has to be remembered between two runs.
 */
import { createHash } from "node:crypto";

/** Loopback ports of a stack. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  /** The managers' engine API, mutual TLS. */
  readonly engine: number;
  /** Where images are pushed. */
  readonly registry: number;
}

/** What a machine does in the swarm. A logger is a worker with the node label `logger=true`. */
export type Role = "manager" | "worker" | "logger";

/** The engines inside machines take their own bridges from here, away from every stack's subnet. */
export const machineAddressPool = { base: "10.240.0.0/14", size: 24 } as const;

/** Overlays that name no subnet of their own take theirs from here. */
export const overlayAddressPool = { base: "10.252.0.0/14", maskLength: 24 } as const;

/** Holds both pools and every overlay of ours: no machine may have an address in it. */
export const innerAddresses = "10.240.0.0/12";

/** First host number of each role in the stack's /24, and how many the range holds. */
const ranges: Record<Role, { readonly first: number; readonly size: number }> = {
  manager: { first: 11, size: 9 },
  worker: { first: 101, size: 100 },
  logger: { first: 201, size: 50 },
};

/** The most machines of a role that one stack has addresses for. */
export const mostMachines = (role: Role): number => ranges[role].size;

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The stack's /24, in 10.192.0.0/11: clear of Docker's own default pools and of the pools above. */
export function defaultSubnet(stack: string): string {
  const digest = hash(stack);
  return `10.${192 + (digest.readUInt8(0) % 32)}.${digest.readUInt8(1)}.0/24`;
}

/** `dev` has the well-known ports; another stack gets four neighbours below the ephemeral range. */
export function defaultPorts(stack: string): Ports {
  if (stack === "dev") return { http: 8080, https: 8443, engine: 8376, registry: 8500 };
  const first = 20000 + (hash(stack).readUInt16BE(2) % 2500) * 4;
  return { http: first, https: first + 1, engine: first + 2, registry: first + 3 };
}

/**
 * The address with this host number in a /24.
 * @throws if `subnet` is not a /24 in dotted form.
 */
export function hostAddress(subnet: string, host: number): string {
  const match = /^(\d+\.\d+\.\d+)\.0\/24$/.exec(subnet);
  if (!match) throw new Error(`subnet must be a /24 such as 10.200.7.0/24, got "${subnet}"`);
  return `${match[1]}.${host}`;
}

/** Fixed addresses of what stands beside the machines. */
export const gatewayAddress = (subnet: string): string => hostAddress(subnet, 1);
export const edgeAddress = (subnet: string): string => hostAddress(subnet, 2);
export const registryAddress = (subnet: string): string => hostAddress(subnet, 3);

/** A machine's name: by role and number, counted from 1. */
export const machineName = (role: Role, ordinal: number): string => `${role}-${ordinal}`;

/** The address of the nth machine of a role, counted from 1: it belongs to the name, not to a list. */
export const machineAddress = (subnet: string, role: Role, ordinal: number): string =>
  hostAddress(subnet, ranges[role].first + ordinal - 1);

/** Whether two IPv4 networks in CIDR form have an address in common. */
export function overlaps(left: string, right: string): boolean {
  const [a, b] = [range(left), range(right)];
  return a.first <= b.last && b.first <= a.last;
}

function range(cidr: string): { first: number; last: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}
