import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../e2e/support/eventually";
import { get, inARow } from "../e2e/support/page";
import { hosts, inHost, isOpenFromOutside, read } from "./support/hosts";
import { ephemeral, project, swarm } from "./support/workspace";
import { readyNode } from "../e2e/support/swarm";

const address = (name: string): string => hosts.find((host) => host.name === name)?.address ?? "";
const [manager, worker] = [address("manager-1"), address("worker-1")];

test("make up makes a swarm of the hosts and prints where the page is", async () => {
  const { output } = await project.make("up");
  expect(output).toContain(`http://${manager}/app1`);
});

test("the nodes have roles and labels", async () => {
  expect(await swarm.nodes()).toEqual([
    readyNode("logger-1", "worker", { logger: "true" }),
    readyNode("manager-1", "manager", { "mongo-keeper": "true" }),
    readyNode("manager-2", "manager"),
    readyNode("manager-3", "manager"),
    readyNode("worker-1", "worker", { "mongo-store": "1" }),
    readyNode("worker-2", "worker", { disk: "fast" }),
    readyNode("worker-3", "worker"),
  ]);
});

test("each manager serves the page, at its own address", async () => {
  for (const { address: at } of hosts.filter(({ role }) => role === "manager")) {
    const url = `http://${at}/app1`;
    await eventually(url, { withinMs: 60_000 }, () =>
      inARow(url, 3, ({ status }) => status === 200),
    );
    expect((await get(url)).task).toMatch(/^app1\./);
  }
});

test("Docker is pinned and set", async () => {
  for (const { name } of hosts) {
    expect(await inHost(name, "apt-mark", "showhold")).toBe("docker.io");
    expect(JSON.parse(await inHost(name, "cat", "/etc/docker/daemon.json"))).toMatchObject({
      "live-restore": false,
      "log-opts": { "max-size": "10m", "max-file": "3" },
    });
  }
});

test("from outside there are ssh and the proxies, and nothing of the swarm's", async () => {
  const open = async (at: string, ports: readonly number[]) => {
    const found = await Promise.all(
      ports.map(async (port) => ((await isOpenFromOutside(at, port)) ? [port] : [])),
    );
    return found.flat();
  };
  expect(await open(manager, [22, 80, 443, 2375, 2376, 2377, 7946])).toEqual([22, 80, 443]);
  expect(await open(worker, [22, 80, 443, 7946])).toEqual([22]);
});

test("among the hosts the swarm's ports are open", async () => {
  const connect = (port: number) => `timeout 3 bash -c '</dev/tcp/${manager}/${port}'`;
  await inHost("worker-1", "sh", "-c", `${connect(2377)} && ${connect(7946)}`);
});

test("the key is in no state, no log, and no longer in memory; the password in no plain text", async () => {
  const key = read("user").split("\n").slice(1, 3).join("");
  const state = await project.state();
  expect((await project.state("--show-secrets")).replaceAll("\\n", "")).not.toContain(key);
  expect(state).not.toContain(read("password"));
  for (const name of readdirSync(ephemeral.artefacts)) {
    const text = readFileSync(join(ephemeral.artefacts, name), "utf8");
    expect(text.replaceAll(/\n|\\n/g, "")).not.toContain(key);
    expect(text).not.toContain(read("password"));
  }
  expect(readdirSync("/dev/shm").filter((name) => name.startsWith("swarm-key-"))).toEqual([]);
});

test("make status tells what runs", async () => {
  const { stdout } = await project.make("status");
  expect(stdout).toMatch(/manager-1\s+Ready\s+Active/);
  expect(stdout).toMatch(/app1\s+any\s+\/app1\s+8080/);
});

test("a second up changes nothing, and a preview says so", async () => {
  expect((await project.up()).changes).toEqual([]);
  expect((await project.preview()).changes).toEqual([]);
});

test("a refresh finds everything as it is", async () => {
  await project.make("refresh");
  expect((await project.preview()).changes).toEqual([]);
});

test("a host whose engine is stopped is seen by preview, and started by up", async () => {
  await inHost("worker-3", "service", "docker", "stop");
  const { changes } = await project.preview();
  expect(changes.map(({ name }) => name).sort()).toEqual(["swarm-worker-3", "worker-3-host"]);
  await project.make("up");
  await eventually("worker-3", { withinMs: 60_000 }, async () =>
    (await swarm.nodes()).every(({ state }) => state === "ready") ? true : undefined,
  );
});
