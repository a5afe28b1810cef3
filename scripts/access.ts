/**
 * Gives this computer access to the hosts of a stack: `pulumi config --json --show-secrets | access.ts STACK`. The
 * program does the same, but does not run when a stack is refreshed or destroyed.
 */
import { readFileSync } from "node:fs";
import { hostsSchema } from "../infra/hosts";
import { writeAccess } from "../infra/machines/access";

interface Setting {
  readonly value?: string;
}

const settings = JSON.parse(readFileSync(0, "utf8")) as Readonly<Record<string, Setting>>;
const [, , stack = ""] = process.argv;
// What is wrong with them is for the program to say.
const hosts = hostsSchema.safeParse(JSON.parse(settings["swarm:hosts"]?.value ?? "[]"));
if (hosts.success) {
  writeAccess({ stack, hosts: hosts.data, key: settings["swarm:sshKey"]?.value || undefined });
}
