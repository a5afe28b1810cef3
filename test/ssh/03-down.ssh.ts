import { existsSync } from "node:fs";
import { join } from "node:path";
import { docker, lines } from "../e2e/support/engine";
import { hosts, inHost, registryAddress } from "./support/hosts";
import { project } from "./support/workspace";

test("make down gives the hosts back", async () => {
  await project.make("down");
  for (const { name } of hosts) {
    const has = (...command: string[]) => inHost(name, ...command);
    expect(await has("docker", "info", "--format", "{{.Swarm.LocalNodeState}}")).toBe("inactive");
    expect(await has("docker", "ps", "--all", "--quiet")).toBe("");
    expect(await has("docker", "volume", "ls", "--quiet")).toBe("");
    expect(await has("docker", "image", "ls", "--quiet")).toBe("");
    expect(await has("nft", "list", "tables")).not.toContain("swarm_system");
    expect(await has("sh", "-c", "ls -d /etc/swarm-system /srv/store 2>/dev/null || true")).toBe(
      "",
    );
  }
});

test("nothing of the stack is left here", async () => {
  expect(existsSync(join(project.place.folder, ".access/hosts"))).toBe(false);
  const images = await docker("image", "ls", "--format", "{{.Repository}}");
  expect(lines(images).filter((name) => name.startsWith(registryAddress))).toEqual([]);
});
