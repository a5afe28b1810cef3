import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Apps, checkApps } from "./infra/apps";
import { readConfig } from "./infra/config";
import { Edge } from "./infra/edge";
import { Frontend } from "./infra/frontend";
import { inspectHost } from "./infra/host";
import { baseImages } from "./infra/image";
import { Machines } from "./infra/machines";
import { Networks } from "./infra/networks";
import { Pki } from "./infra/pki";
import { EmbeddedRegistry, embeddedPullAddress } from "./infra/registry";
import { Site } from "./infra/site";
import { Swarm } from "./infra/swarm";

export = async () => {
  const config = readConfig();
  const apps = checkApps(config, [
    { name: "app1", source: "apps/nodeapp1", path: "/app1", replicas: config.app1Replicas },
  ]);
  const host = await inspectHost(config, baseImages);

  const { engine, network } = new Site("site", config);
  const here = { config, host, engine, network };
  const registry = new EmbeddedRegistry("registry", here);
  const pki = new Pki("pki", config);
  const { all } = new Machines("machines", { ...here, pki, registry: embeddedPullAddress(config) });
  const managers = all.filter((machine) => machine.role === "manager");
  const edge = new Edge("edge", { ...here, managers });
  const swarm = new Swarm("swarm", { ...config, machines: all, deletedWith: network });

  // The swarm's engine API is reached through the edge, by whichever manager lives. As long as there
  // is no edge or no swarm its address is unknown, so that a preview does not call it.
  const provider = new docker.Provider(
    "swarm",
    {
      host: pulumi.all([edge.engineUrl, swarm.clusterId]).apply(([url]) => url),
      caMaterial: pki.authority,
      certMaterial: pki.client.certificate,
      keyMaterial: pki.client.key,
    },
    { dependsOn: swarm },
  );
  const onSwarm = { providers: { docker: provider } };
  const { byName: networks } = new Networks("networks", {}, { ...onSwarm, deletedWith: network });
  const { platform } = host;
  const tag = config.stack;
  const foundation = { engine, registry, networks, platform, tag, cluster: network };
  new Frontend("frontend", { config, foundation }, onSwarm);
  new Apps("apps", { apps, foundation }, onSwarm);

  return {
    proxyUrl: edge.httpUrl,
    httpsUrl: edge.httpsUrl,
    app1Url: pulumi.interpolate`${edge.httpUrl}/app1`,
    managers: managers.map(({ name, address }) => ({ name, address })),
    standIns: host.standIns,
  };
};
