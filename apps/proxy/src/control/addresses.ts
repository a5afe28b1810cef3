import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/** Addresses of this machine, as `os.networkInterfaces` tells them. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => address),
  );
}

/** Whether an address lies in a network such as `10.248.48.0/20`; a plain address is a network of one. */
export function isWithin(address: string, network: string): boolean {
  const [base = "", prefix] = network.split("/");
  const family = isIPv4(base) ? "ipv4" : "ipv6";
  if (isIPv4(address) !== isIPv4(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(prefix ?? (family === "ipv4" ? 32 : 128)), family);
  return list.check(address, family);
}
