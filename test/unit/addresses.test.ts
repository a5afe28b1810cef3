import {
  defaultPorts,
  defaultSubnet,
  edgeAddress,
  gatewayAddress,
  hostAddress,
  machineAddress,
  mostMachines,
  overlaps,
  registryAddress,
  type Role,
} from "../../infra/addresses";
import { overlaySubnets } from "../../infra/networks";

const names = Array.from({ length: 500 }, (_, i) => `stack-${i}`);
const subnet = "10.200.7.0/24";
const portsOf = (stack: string) => Object.values<number>({ ...defaultPorts(stack) });

test("every stack's subnet is clear of Docker's pools, the overlays and the machines' own pools", () => {
  const taken = [
    ...Object.values(overlaySubnets),
    ...["172.16.0.0/12", "192.168.0.0/16", "10.240.0.0/14", "10.252.0.0/14", "10.0.0.0/24"],
  ];
  for (const name of names) {
    expect(taken.filter((other) => overlaps(defaultSubnet(name), other))).toEqual([]);
  }
});

test("the overlays do not overlap each other", () => {
  const all = Object.values(overlaySubnets);
  for (const [i, a] of all.entries()) {
    expect(all.slice(i + 1).filter((b) => overlaps(a, b))).toEqual([]);
  }
});

test("a stack's ports are four of its own, below the ephemeral range, the same each time", () => {
  for (const name of names) {
    const ports = portsOf(name);
    expect(new Set(ports).size).toBe(4);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(20000);
    expect(Math.max(...ports)).toBeLessThan(32768);
    expect(defaultPorts(name)).toEqual(defaultPorts(name));
  }
});

test("ports of two stacks are the same four or four others", () => {
  const owner = new Map<number, string>();
  for (const name of names) {
    const key = JSON.stringify(defaultPorts(name));
    for (const port of portsOf(name)) {
      expect(owner.get(port) ?? key).toBe(key);
      owner.set(port, key);
    }
  }
});

test("no two machines, and nothing beside them, share an address", () => {
  const roles: readonly Role[] = ["manager", "worker", "logger"];
  const all = [
    ...[gatewayAddress(subnet), edgeAddress(subnet), registryAddress(subnet)],
    ...roles.flatMap((role) =>
      Array.from({ length: mostMachines(role) }, (_, i) => machineAddress(subnet, role, i + 1)),
    ),
  ];
  expect(new Set(all).size).toBe(all.length);
  for (const address of all) expect(Number(address.split(".")[3])).toBeLessThan(255);
});

test("an address belongs to the machine's name", () => {
  expect(machineAddress(subnet, "manager", 1)).toBe("10.200.7.11");
  expect(machineAddress(subnet, "worker", 3)).toBe("10.200.7.103");
  expect(machineAddress(subnet, "logger", 1)).toBe("10.200.7.201");
});

test("refuses what is no /24", () => {
  expect(() => hostAddress("10.1.2.0/16", 1)).toThrow(/must be a \/24/);
});

test.each<[string, string, boolean]>([
  ["10.0.0.0/8", "10.200.7.0/24", true],
  ["10.200.7.0/24", "10.0.0.0/8", true],
  ["10.200.6.0/24", "10.200.7.0/24", false],
  ["10.200.6.0/23", "10.200.7.0/24", true],
  ["172.17.0.0/16", "10.200.7.0/24", false],
])("%s and %s overlap: %s", (a, b, expected) => {
  expect(overlaps(a, b)).toBe(expected);
});
