import * as pulumi from "@pulumi/pulumi";
import { Apps, checkApps } from "./infra/apps";
import { readConfig } from "./infra/config";
import { Frontend } from "./infra/frontend";
import { makeGround } from "./infra/ground";
import { inspectHost } from "./infra/host";
import { baseImages } from "./infra/image";
import { Logging, loggingImages } from "./infra/logging";
import { Networks } from "./infra/networks";
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

  const ground = await makeGround(config, host);
  const { engine, cluster, registry, machines, nodes } = ground;
  const labels = storeLabels(members);
  const swarm = new Swarm("swarm", { ...config, machines, labels, nodes, deletedWith: cluster });
  const provider = swarmProvider(swarm, ground.control, registry);
  const onSwarm = { providers: { docker: provider } };
  const { byName: networks } = new Networks("networks", {}, { ...onSwarm, deletedWith: cluster });
  const { platform } = host;
  const tag = config.stack;
  const foundation = { engine, registry, networks, platform, tag, cluster };
  new Frontend("frontend", { config, foundation }, onSwarm);
  const { databases } = new Store("store", { config, foundation, members, apps }, onSwarm);
  const proxyUrl = ground.httpUrl;
  const logging =
    config.logging &&
    new Logging("logging", { logging: config.logging, foundation, proxyUrl }, onSwarm);
  new Apps("apps", { apps, foundation, databases, logHost: logging?.host }, onSwarm);

  return {
    proxyUrl,
    httpsUrl: ground.httpsUrl,
    app1Url: pulumi.interpolate`${proxyUrl}/app1`,
    kibanaUrl: logging?.kibanaUrl,
    kibanaPassword: logging?.kibanaPassword,
    managers: machines
      .filter(({ role }) => role === "manager")
      .map(({ name, address }) => ({ name, address })),
    mongoHint: databases.app1?.hint,
    standIns: host.standIns,
  };
};
