import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-fs";
import { readdirSync } from "node:fs";
import { dockerProvider } from "../src/docker/provider";
import type { Provider } from "../src/protocol/provider";
import { PartialFailure } from "../src/protocol/provider";
import type { PropertyMap } from "../src/protocol/values";
import type { RecordingContext } from "./support/context";
import { contextFor } from "./support/context";
import { FakeEngine } from "./support/fakeEngine";
import { until } from "./support/until";

let engine: FakeEngine;
let provider: Provider;
beforeEach(async () => {
  engine = new FakeEngine();
  provider = dockerProvider();
  const registryAuth = '[{"address":"r:5000","username":"u","password":"p"}]';
  await provider.configure({ host: await engine.listen(), registryAuth });
});
afterEach(() => engine.close());

const SERVICE = "docker:index/service:Service";
const serviceInputs = (change: PropertyMap = {}, image = "r:5000/web@sha256:1"): PropertyMap => ({
  name: "web",
  mode: { replicated: { replicas: 1 } },
  taskSpec: { containerSpec: { image } },
  convergeConfig: { timeout: "10s" },
  ...change,
});
const spec = (id: string) => engine.swarm.services.get(id)?.inspect.Spec;

describe("a service", () => {
  let context: RecordingContext;
  beforeEach(() => {
    context = contextFor(SERVICE, "web");
  });

  test("is waited for, with its progress", async () => {
    const { id } = await provider.create(context, serviceInputs());
    expect(context.statuses.at(-1)).toBe("1/1 running");
    expect(spec(id)?.TaskTemplate.Placement?.Platforms).toEqual([
      { Architecture: "amd64", OS: "linux" },
    ]);
  });

  test("is pulled with the registry's credentials", async () => {
    await provider.create(context, serviceInputs());
    const header = String(engine.headers.get("/services/create")?.["x-registry-auth"]);
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toMatchObject({
      username: "u",
      password: "p",
    });
  });

  test("has its tag pinned to a digest, which stays as long as the tag does", async () => {
    const inputs = serviceInputs({}, "r:5000/web:1");
    const { id, properties } = await provider.create(context, inputs);
    const pinned = `r:5000/web:1@sha256:${"d".repeat(64)}`;
    expect(spec(id)?.TaskTemplate.ContainerSpec.Image).toBe(pinned);
    const asked = engine.requests.filter((line) => line.includes("/distribution/")).length;
    const news = serviceInputs({ labels: [{ label: "a", value: "1" }] }, "r:5000/web:1");
    await provider.update(context, id, inputs, properties, news);
    expect(spec(id)?.TaskTemplate.ContainerSpec.Image).toBe(pinned);
    expect(engine.requests.filter((line) => line.includes("/distribution/"))).toHaveLength(asked);
  });

  test("keeps what the program leaves to the engine", async () => {
    const inputs = serviceInputs();
    const { id, properties } = await provider.create(context, inputs);
    const live = spec(id);
    if (!live) throw new Error("no service");
    live.TaskTemplate.ForceUpdate = 7;
    live.TaskTemplate.RestartPolicy = { Condition: "on-failure", MaxAttempts: 3 };
    await provider.update(context, id, inputs, properties, serviceInputs({ labels: [] }));
    expect(spec(id)?.TaskTemplate).toMatchObject({
      ForceUpdate: 7,
      RestartPolicy: { Condition: "on-failure", MaxAttempts: 3 },
    });
  });

  test("that never gets to run is taken away again", async () => {
    const inputs = serviceInputs({ convergeConfig: { timeout: "200ms" } }, "r:5000/no-such:1");
    await expect(provider.create(context, inputs)).rejects.toThrow(
      /creating urn:.*did not converge after 200ms: No such image/s,
    );
    expect(engine.swarm.services.size).toBe(0);
  });

  test("whose creation is interrupted stays, and is in the state", async () => {
    const running = provider.create(context, serviceInputs({}, "r:5000/no-such:1"));
    await until(() => context.statuses.length > 0);
    context.abort.abort(new Error("operation canceled"));
    const failure = await running.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    const [id] = engine.swarm.services.keys();
    expect(failure).toMatchObject({ id, properties: { id, name: "web" } });
    expect((failure as Error).message).toContain("operation canceled");
  });

  test("whose update fails is in the state as it is now, with the inputs it should have", async () => {
    const rollout = { failureAction: "rollback", order: "stop-first", parallelism: 1 };
    const inputs = serviceInputs({ updateConfig: rollout });
    const { id, properties } = await provider.create(context, inputs);
    const news = serviceInputs({ updateConfig: rollout }, "r:5000/no-such:1");
    const failure = await provider
      .update(context, id, inputs, properties, news)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      inputs: news,
      properties: { taskSpec: { containerSpec: { image: "r:5000/web@sha256:1" } } },
    });
    expect((failure as Error).message).toContain("service rollback completed");
  });

  test("whose update is stuck says so", async () => {
    const inputs = serviceInputs();
    const { id, properties } = await provider.create(context, inputs);
    const news = serviceInputs({}, "r:5000/no-such:1");
    await expect(provider.update(context, id, inputs, properties, news)).rejects.toThrow(
      /service update paused/,
    );
  });

  test("is gone when its tasks have ended", async () => {
    const { id, properties } = await provider.create(context, serviceInputs());
    const [task] = engine.swarm.allTasks();
    if (!task) throw new Error("no task");
    engine.swarm.leaving.push(task);
    let gone = false;
    const running = provider.delete(context, id, properties).then(() => (gone = true));
    await until(() => context.statuses.includes("waiting for 1 tasks to end"));
    expect(gone).toBe(false);
    task.Status = { State: "shutdown" };
    await running;
  });

  test("that somebody removed is gone, and need not be removed again", async () => {
    const { id, properties } = await provider.create(context, serviceInputs());
    engine.swarm.remove(id);
    expect(await provider.read(context, id, {}, properties)).toBeUndefined();
    await provider.delete(context, id, properties);
  });

  test("can be imported", async () => {
    const { id } = await provider.create(context, serviceInputs());
    const found = await provider.read(context, id, {}, {});
    expect(found?.inputs).toMatchObject({ name: "web" });
    expect(found?.properties).toMatchObject({ name: "web", mode: { replicated: { replicas: 1 } } });
  });
});

describe("an image", () => {
  const context = contextFor("docker:index/image:Image", "app");
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "image-"));
    for (const [name, text] of [
      ["Dockerfile", "FROM scratch\n"],
      [".dockerignore", "*\n!src.ts\n"],
      ["src.ts", ""],
      ["notes", ""],
    ] as const) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o644);
    }
    engine.digest = `sha256:${"e".repeat(64)}`;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const inputs = (change: PropertyMap = {}, build: PropertyMap = {}): PropertyMap => ({
    imageName: "r:5000/app:1",
    build: { context: folder, dockerfile: join(folder, "Dockerfile"), ...build },
    ...change,
  });
  const check = (given: PropertyMap) =>
    provider.check(context, {}, given, new Uint8Array(), undefined);

  test("is built with BuildKit from what the ignore file leaves, and pushed", async () => {
    const build = { args: { A: "1" }, target: "run", addHosts: ["a:1"], network: "host" };
    const { id, properties } = await provider.create(context, inputs({}, build));
    expect(id).toBe("r:5000/app:1");
    expect(properties.repoDigest).toBe(`r:5000/app@${engine.digest}`);
    expect(Object.fromEntries(engine.build?.query ?? [])).toEqual({
      t: "r:5000/app:1",
      dockerfile: "Dockerfile",
      version: "2",
      rm: "true",
      target: "run",
      buildargs: '{"A":"1"}',
      extrahosts: "a:1",
      networkmode: "host",
    });
    const unpacked = join(folder, "unpacked");
    await pipeline(Readable.from([engine.build?.context]), extract(unpacked));
    expect(readdirSync(unpacked).sort()).toEqual([".dockerignore", "Dockerfile", "src.ts"]);
  });

  test("that is not pushed is known by its id", async () => {
    const { properties } = await provider.create(context, inputs({ skipPush: true }));
    expect(properties.repoDigest).toBe(`sha256:${"b".repeat(64)}`);
    expect(engine.requests.some((line) => line.includes("/push"))).toBe(false);
  });

  test("can have its Dockerfile elsewhere", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "dockerfile-"));
    writeFileSync(join(elsewhere, "x.Dockerfile"), "FROM scratch\n");
    await provider.create(context, inputs({}, { dockerfile: join(elsewhere, "x.Dockerfile") }));
    rmSync(elsewhere, { recursive: true });
    const unpacked = join(folder, "unpacked");
    await pipeline(Readable.from([engine.build?.context]), extract(unpacked));
    expect(readdirSync(unpacked)).toContain(engine.build?.query.get("dockerfile"));
  });

  test("is built again for another argument, not for another password", async () => {
    const registry = (password: string) => ({
      registry: { server: "r:5000", username: "u", password },
    });
    const { properties } = await provider.create(context, inputs(registry("1")));
    const diff = (news: PropertyMap) => provider.diff(context, {}, properties, news, []);
    expect((await diff(inputs(registry("2")))).changes).toBe(false);
    expect((await diff(inputs(registry("1"), { args: { A: "2" } }))).detailed).toEqual({
      build: "UPDATE",
    });
  });

  test("has the defaults of the real one", async () => {
    const { inputs: checked } = await check(inputs());
    expect(checked).toMatchObject({
      buildOnPreview: false,
      build: { platform: expect.stringMatching(/^linux\//) as string },
    });
    expect(checked).not.toHaveProperty("__defaults");
  });

  test.each<[string, () => PropertyMap, RegExp]>([
    [
      "without a Dockerfile",
      () => inputs({}, { dockerfile: "no/such" }),
      /could not open dockerfile at relative path "no\/such"/,
    ],
    ["with a short name", () => inputs({ imageName: "app" }), /fully qualified/],
  ])("is refused %s", async (_what, given, message) => {
    await expect(check(given())).rejects.toThrow(message);
  });

  test.each<[string, PropertyMap]>([
    ["buildOnPreview", { buildOnPreview: true }],
    ["colour", { colour: "red" }],
  ])("does not support %s", async (property, change) => {
    const { failures } = await check(inputs(change));
    expect(failures).toEqual([
      { property, reason: expect.stringMatching(/not supported by the offline plugin/) as string },
    ]);
  });
});

test("other resources and functions are not supported", async () => {
  const refused = /not supported by the offline plugin/;
  const context = contextFor("docker:index/container:Container");
  await expect(provider.create(context, {})).rejects.toThrow(refused);
  await expect(provider.invoke("docker:index/getLogs:getLogs", {}, context)).rejects.toThrow(
    refused,
  );
});

test("a network that is still in use is tried again", async () => {
  const context = contextFor("docker:index/network:Network", "n");
  const { id, properties } = await provider.create(context, { name: "n", driver: "overlay" });
  engine.busyNetworks.add(id);
  const running = provider.delete(context, id, properties);
  await until(() => engine.requests.filter((line) => line.startsWith("DELETE")).length > 1);
  engine.busyNetworks.clear();
  await running;
  expect(engine.networks.size).toBe(0);
});
