import * as docker from "@pulumi/docker";
import { BuiltImage, pullReference } from "../../infra/image";
import { EmbeddedRegistry } from "../../infra/registry";
import { configWith, host, only, registered } from "./support";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  [`127.0.0.1:8500/app1@${digest}`, `10.0.0.3:5000/app1@${digest}`],
  [`127.0.0.1:8500/team/app1@${digest}`, `10.0.0.3:5000/team/app1@${digest}`],
])("%s is pulled as %s", (pushed, pulled) => {
  expect(pullReference(pushed, "10.0.0.3:5000")).toBe(pulled);
});

test.each(["app1", "127.0.0.1:8500/app1:latest", digest])(
  "refuses %s, which has no digest",
  (x) => {
    expect(() => pullReference(x, "10.0.0.3:5000")).toThrow(/@sha256/);
  },
);

test("builds with BuildKit on the host's engine, pushes, and removes its tag when it goes", async () => {
  const all = await registered(() => {
    const engine = new docker.Provider("engine", {});
    const registry = { pushAddress: "127.0.0.1:8500", pullAddress: "10.0.0.3:5000" };
    new BuiltImage("app1-image", {
      context: "apps/nodeapp1",
      repository: "app1",
      tag: "dev",
      platform: host.platform,
      engine,
      registry,
    });
  });
  const image = only(all, "docker:index/image:Image", "app1-image-build");
  expect(image.inputs).toMatchObject({
    imageName: "127.0.0.1:8500/app1:dev",
    skipPush: false,
    build: {
      context: "apps/nodeapp1",
      dockerfile: "apps/nodeapp1/Dockerfile",
      platform: "linux/amd64",
      builderVersion: "BuilderBuildKit",
    },
  });
  expect(image.dependsOn).toContain("app1-image-tag");
  expect(image).toMatchObject({ provider: "engine", parent: "swarm:image:BuiltImage app1-image" });
  expect(only(all, "command:local:Command", "app1-image-tag").inputs).toMatchObject({
    create: "true",
    delete: "bash scripts/host/untag.sh",
    environment: { IMAGE: "127.0.0.1:8500/app1:dev" },
  });
});

test("the registry is pushed to on loopback and pulled from on the machines' network", async () => {
  let addresses: unknown;
  const all = await registered(async () => {
    const config = configWith();
    const engine = new docker.Provider("engine", {});
    const network = new docker.Network("net", { name: "swarm-dev" }, { provider: engine });
    const registry = new EmbeddedRegistry("registry", { config, host, engine, network });
    addresses = await new Promise((resolve) => {
      registry.pushAddress.apply((push) => resolve([push, registry.pullAddress]));
    });
  });
  expect(addresses).toEqual(["127.0.0.1:8500", "10.207.38.3:5000"]);
  const container = only(all, "command:local:Command", "registry-container");
  expect((container.inputs["environment"] as Record<string, string>)["OPTIONS"]).toContain(
    "127.0.0.1:8500:5000\n--volume\nswarm-dev-registry:/var/lib/registry",
  );
  expect(only(all, "docker:index/volume:Volume", "registry-data").inputs).toMatchObject({
    name: "swarm-dev-registry",
  });
});
