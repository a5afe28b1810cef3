import * as pulumi from "@pulumi/pulumi";
import { Apps, checkApps } from "./infra/apps";
import { readConfig } from "./infra/config";
import { Edge } from "./infra/edge";
import { Frontend } from "./infra/frontend";
import { inspectHost } from "./infra/host";
import { baseImages } from "./infra/image";
import { Logging, loggingImages } from "./infra/logging";
import { Machines } from "./infra/machines";
import { Networks } from "./infra/networks";
import { Pki } from "./infra/pki";
import { EmbeddedRegistry, embeddedPullAddress } from "./infra/registry";
import { Site } from "./infra/site";
import { Store, storeImage, storeLabels, storeMembers } from "./infra/store";
import { Swarm, swarmProvider } from "./infra/swarm";

export = async () => {
  const config = readConfig();
  const apps = checkApps(config, [
    {
      name: "app1",
      source: "apps/nodeapp1",
      path: "/app1",
      replicas: config.app1Replicas,
      database: "app1",
    },
  ]);
  const host = await inspectHost(config, [
    ...[...baseImages, storeImage(config)],
    ...loggingImages(config),
  ]);
  const members = storeMembers(config, host);

  const { engine, network } = new Site("site", config);
  const here = { config, host, engine, network };
  const registry = new EmbeddedRegistry("registry", here);
  const pki = new Pki("pki", config);
  const { all } = new Machines("machines", { ...here, pki, registry: embeddedPullAddress(config) });
  const managers = all.filter((machine) => machine.role === "manager");
  const edge = new Edge("edge", { ...here, managers });
  const labels = storeLabels(members);
  const swarm = new Swarm("swarm", { ...config, machines: all, labels, deletedWith: network });
  const provider = swarmProvider(swarm, edge.engineUrl, pki);
  const onSwarm = { providers: { docker: provider } };
  const { byName: networks } = new Networks("networks", {}, { ...onSwarm, deletedWith: network });
  const { platform } = host;
  const tag = config.stack;
  const foundation = { engine, registry, networks, platform, tag, cluster: network };
  new Frontend("frontend", { config, foundation }, onSwarm);
  const { databases } = new Store("store", { config, foundation, members, apps }, onSwarm);
  const proxyUrl = edge.httpUrl;
  const logging =
    config.logging &&
    new Logging("logging", { logging: config.logging, foundation, proxyUrl }, onSwarm);
  new Apps("apps", { apps, foundation, databases, logHost: logging?.host }, onSwarm);

  return {
    proxyUrl,
    httpsUrl: edge.httpsUrl,
    app1Url: pulumi.interpolate`${proxyUrl}/app1`,
    kibanaUrl: logging?.kibanaUrl,
    kibanaPassword: logging?.kibanaPassword,
    managers: managers.map(({ name, address }) => ({ name, address })),
    mongoHint: databases.app1?.hint,
    standIns: host.standIns,
  };
};
