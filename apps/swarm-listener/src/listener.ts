import type { EngineClient } from "./engine/client";
import type { SwarmService } from "./engine/types";
import { Follower } from "./follower";
import type { Log } from "./log";
import type { Metrics } from "./metrics";
import type { Dispatcher, Registration } from "./notify/dispatcher";
import type { ReconcilerOptions } from "./reconciler";
import { nodeInfoOf, scraped } from "./swarm/node-info";
import { nodeParameters, type Parameters, type ServiceOptions } from "./swarm/parameters";
import { nodeRegistrations, registrationsOf } from "./swarm/registrations";

/** Who is told of services or nodes, and how changes are noticed. */
export interface Following {
  readonly dispatchers: readonly Dispatcher[];
  readonly reconciler: ReconcilerOptions;
  /** Whether to follow the engine's events. */
  readonly events: boolean;
}

/** What a listener is made of. */
export interface ListenerArgs {
  readonly engine: EngineClient;
  readonly services: Following & ServiceOptions;
  readonly nodes: Following;
  /** Whether services that name a network are announced with where their tasks run, and with the tasks' addresses. */
  readonly nodeInfo: { readonly included: boolean; readonly withAddress: boolean };
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Keeps receivers told of the swarm's services and nodes, and tells who asks. */
export class SwarmListener {
  private readonly followers: readonly Follower[];
  private readonly services: Follower;
  private reported = "";

  constructor(private readonly args: ListenerArgs) {
    const { services, nodes } = args;
    this.services = new Follower({
      ...args,
      ...services,
      subject: "service",
      read: (signal) => this.readServices(signal),
    });
    const nodeFollower = new Follower({
      ...args,
      ...nodes,
      subject: "node",
      read: async (signal) => nodeRegistrations(await args.engine.nodes(signal)),
    });
    // Where nobody is told of nodes, they need not be read.
    this.followers = nodes.dispatchers.length > 0 ? [this.services, nodeFollower] : [this.services];
  }

  /** Begins to follow the swarm. */
  start(): void {
    for (const follower of this.followers) follower.start();
  }

  /** Ends everything, and gives up notifications that have not been accepted yet. */
  async stop(): Promise<void> {
    await Promise.all(this.followers.map((follower) => follower.stop()));
  }

  /** Tells every receiver of every service again. */
  notifyServices(): void {
    this.services.notify();
  }

  /**
   * Parameters of all services that want to be announced, as of now.
   * @throws if the engine cannot be read: receivers drop what is not listed, so an answer that is not sure would be worse than none
   */
  async servicesParameters(): Promise<Parameters[]> {
    return [...(await this.readServices()).values()].map(({ create }) => create);
  }

  /** Parameters of all nodes. @throws if the engine cannot be read */
  async nodesParameters(): Promise<Parameters[]> {
    return (await this.args.engine.nodes()).map(nodeParameters);
  }

  private async readServices(signal?: AbortSignal): Promise<ReadonlyMap<string, Registration>> {
    const { engine, services: options } = this.args;
    const services = await engine.services(options.notifyLabel, signal);
    const nodeInfo = await this.readNodeInfo(services, signal);
    const { byName, shadowed } = registrationsOf(services, options, nodeInfo);
    const names = shadowed.map(({ Spec }) => Spec.Name).join(", ");
    if (names !== this.reported && names !== "") {
      this.args.log.warn("left out: an older service is announced by the same name", { names });
    }
    this.reported = names;
    return byName;
  }

  private async readNodeInfo(services: readonly SwarmService[], signal?: AbortSignal) {
    const { engine, nodeInfo } = this.args;
    const ids = nodeInfo.included ? scraped(services).map(({ ID }) => ID) : [];
    if (ids.length === 0) return undefined;
    const [tasks, nodes] = await Promise.all([engine.tasks(ids, signal), engine.nodes(signal)]);
    return (service: SwarmService) => nodeInfoOf(service, tasks, nodes, nodeInfo.withAddress);
  }
}
