import {
  containers,
  clusterProviders,
  type ExportedStack,
  leftovers,
  managers,
  protectedNames,
  type ResourceState,
  volumesAndNetworks,
  withoutCluster,
  withoutPendingCreates,
} from "../../../scripts/state";

const urn = (type: string, name: string) => `urn:pulumi:dev::swarm::${type}::${name}`;

function resource(type: string, name: string, rest: Partial<ResourceState> = {}): ResourceState {
  return { urn: urn(type, name), type, ...rest };
}

function provider(name: string, host: unknown): ResourceState {
  return resource("pulumi:providers:docker", name, { id: `${name}-id`, inputs: { host } });
}

const on = ({ urn: providerUrn, id }: ResourceState) => `${providerUrn}::${id}`;

const host = provider("engine", "unix:///var/run/docker.sock");
const cluster = provider("swarm", "tcp://127.0.0.1:2376");
const secretHost = provider("hidden", {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "x",
});

const SERVICE = "docker:index/service:Service";
const NETWORK = "docker:index/network:Network";

const bridge = resource(NETWORK, "bridge", { provider: on(host), inputs: { name: "swarm-dev" } });
const service = resource(SERVICE, "app1", {
  provider: on(cluster),
  inputs: { name: "app1" },
  dependencies: [bridge.urn],
});
const image = resource("docker:index/image:Image", "image", {
  provider: on(host),
  deletedWith: service.urn,
  dependencies: [service.urn, bridge.urn],
  propertyDependencies: { build: [service.urn], name: [bridge.urn], tag: null },
});

function stack(
  resources: ResourceState[],
  pending: { type: string; resource: ResourceState }[] = [],
): ExportedStack {
  return { version: 3, deployment: { resources, pending_operations: pending } };
}

test("the cluster's providers are those of other engines, secret addresses included", () => {
  expect(clusterProviders(stack([host, cluster, secretHost, bridge]))).toEqual([
    cluster,
    secretHost,
  ]);
});

test("the managers are those with a state, once there is a swarm", () => {
  const volume = (name: string) =>
    resource("docker:index/volume:Volume", name, { provider: on(host), inputs: { name } });
  const names = ["swarm-dev-manager-2", "swarm-dev-manager-1", "swarm-dev-worker-1", "swarm-dev"];
  const volumes = names.map(volume);
  expect(managers(stack([host, ...volumes]))).toEqual([]);
  expect(managers(stack([host, cluster, ...volumes]))).toEqual([
    "swarm-dev-manager-1",
    "swarm-dev-manager-2",
  ]);
});

test("a provider without a host is this machine's", () => {
  const byDefault = resource("pulumi:providers:docker", "default", { id: "d", inputs: {} });
  expect(clusterProviders(stack([byDefault]))).toEqual([]);
});

const member: ResourceState = {
  urn: "urn:pulumi:dev::swarm::swarm:swarm:Swarm$command:local:Command::swarm-manager-1",
  type: "command:local:Command",
};

test("without the cluster: its members, provider and resources are gone, the rest is kept and names none of them", () => {
  const { deployment } = withoutCluster(
    stack(
      [host, cluster, bridge, member, service, image],
      [{ type: "updating", resource: service }],
    ),
  );
  expect(deployment.resources).toEqual([
    host,
    bridge,
    {
      urn: image.urn,
      type: image.type,
      provider: image.provider,
      dependencies: [bridge.urn],
      propertyDependencies: { build: [], name: [bridge.urn], tag: [] },
    },
  ]);
  expect(deployment.pending_operations).toEqual([]);
});

test("a stack without a cluster stays as it is", () => {
  const whole = stack([host, bridge], [{ type: "deleting", resource: bridge }]);
  expect(withoutCluster(whole)).toEqual(whole);
});

test("what a creation that was interrupted may have left: by kind, name and engine", () => {
  const secret = resource("docker:index/secret:Secret", "key", {
    provider: on(cluster),
    inputs: { name: "key-1234567" },
  });
  const pending = [
    { type: "creating", resource: bridge },
    { type: "creating", resource: service },
    { type: "creating", resource: secret },
    { type: "updating", resource: service },
    { type: "deleting", resource: bridge },
    { type: "creating", resource: image },
    { type: "creating", resource: resource(SERVICE, "nameless", { provider: on(cluster) }) },
  ];
  expect(leftovers(stack([host, cluster], pending))).toEqual([
    { kind: "network", name: "swarm-dev", where: "host" },
    { kind: "service", name: "app1", where: "cluster" },
    { kind: "secret", name: "key-1234567", where: "cluster" },
  ]);
});

test("the containers of this machine's that the stack knows of", () => {
  const command = resource("command:local:Command", "manager-1-container", {
    inputs: { environment: { NAME: "swarm-dev-manager-1" } },
  });
  const urn = command.urn.replace("command:", "swarm:host:Container$command:");
  expect(containers(stack([host, command, { ...command, urn }]))).toEqual(["swarm-dev-manager-1"]);
});

test("the volumes and networks of this machine's", () => {
  const volume = resource("docker:index/volume:Volume", "manager-1-state", {
    provider: on(host),
    inputs: { name: "swarm-dev-manager-1" },
  });
  const overlay = resource(NETWORK, "main", { provider: on(cluster), inputs: { name: "main" } });
  expect(
    volumesAndNetworks(stack([host, cluster, bridge, volume, overlay, service, image])),
  ).toEqual([bridge.urn, volume.urn]);
});

test("only creations are taken out of the pending operations", () => {
  const updating = { type: "updating", resource: service };
  const cleaned = withoutPendingCreates(
    stack([host], [{ type: "creating", resource: bridge }, updating]),
  );
  expect(cleaned).toEqual(stack([host], [updating]));
});

test("what is protected is told by its name on its engine, else by that in the program", () => {
  const volume = (name: string, rest: Partial<ResourceState>) =>
    resource("docker:index/volume:Volume", name, rest);
  const all = [
    volume("worker-1-data", { protect: true, inputs: { name: "swarm-dev-worker-1-data" } }),
    volume("other", { inputs: { name: "swarm-dev-other" } }),
    resource("docker:index/secret:Secret", "key", { protect: true }),
  ];
  expect(protectedNames(stack(all))).toEqual(["key", "swarm-dev-worker-1-data"]);
  expect(protectedNames(stack([]))).toEqual([]);
});
