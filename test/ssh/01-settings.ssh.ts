import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../e2e/support/run";
import { hosts, inHost, publicKey, read, settings, sshAnswers } from "./support/hosts";
import { project, stack } from "./support/workspace";

/** Sets a secret as a person would: not on a command line. */
async function setSecret(key: string, value: string, ...options: string[]): Promise<void> {
  await run(
    join(project.place.folder, "scripts/pulumi"),
    ["config", "set", "--stack", stack, "--secret", ...options, key],
    { cwd: project.place.folder, env: project.place.env, input: value },
  );
}

test("the hosts are plain servers", async () => {
  for (const { address, name } of hosts) {
    await sshAnswers(address);
    await expect(inHost(name, "sh", "-c", "command -v dockerd nft curl")).rejects.toThrow();
  }
});

test("takes its settings from a file and secrets from standard input", async () => {
  writeFileSync(join(project.place.folder, `Pulumi.${stack}.yaml`), settings());
  await project.pulumi(["stack", "init"]);
  await setSecret("sshKey", read("user"));
  await setSecret("registry.password", read("password"), "--path");
});

test("refuses a host that shows another key, before it changes anything", async () => {
  const set = (key: string) => project.pulumi(["config", "set", "--path", "hosts[4].hostKey", key]);
  await set(publicKey("worker-3"));
  const { status, output } = await project.tryMake("up");
  expect(status).not.toBe(0);
  expect(output).toMatch(/hosts\[4\]\.hostKey: worker-2 .* shows another key \(SHA256:/);
  expect(output).toContain("pulumi config set --path 'hosts[4].hostKey'");
  for (const { name } of hosts) {
    await expect(inHost(name, "test", "-e", "/etc/swarm-system")).rejects.toThrow();
  }
  await set(publicKey("worker-2"));
});

test("make preview tells what each host is going to be", async () => {
  const { stdout } = await project.make("preview");
  expect(stdout).toContain("- `manager-1` **new**: address `root@10.230.77.11:22`");
  expect(stdout).toContain("- `app1` **new**");
});
