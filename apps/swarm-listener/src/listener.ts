import type { EngineClient } from "./engine/client";
import { watchEvents } from "./engine/events";
import { reason, type Log } from "./log";
import type { Dispatcher, Registration } from "./notify/dispatcher";
import { Reconciler, type ReconcilerOptions } from "./reconciler";
import { nodeParameters, type Parameters, type ServiceOptions } from "./swarm/parameters";
import { registrationsOf } from "./swarm/registrations";

/** What a listener is made of. */
export interface ListenerArgs {
  readonly engine: EngineClient;
  readonly dispatchers: readonly Dispatcher[];
  readonly services: ServiceOptions;
  readonly reconciler: ReconcilerOptions;
  readonly log: Log;
}

/**
 * Follows the swarm's services and keeps every receiver told. There is one way only: read all
 * services and compare. An event does no more than make that happen at once, so that an event
 * that was missed, or that came twice or late, makes no difference but in time.
 */
export class SwarmListener {
  private readonly stopping = new AbortController();
  private readonly reconciler: Reconciler;
  private reported = "";
  private resend = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly args: ListenerArgs) {
    this.reconciler = new Reconciler(
      () => this.reconcile(),
      (error) => args.log.warn("cannot read the swarm's services", { reason: reason(error) }),
      args.reconciler,
    );
  }

  /** Begins to follow the swarm. */
  start(): void {
    const { engine, log } = this.args;
    const { signal } = this.stopping;
    const onChange = () => this.reconciler.request();
    this.running = Promise.all([
      this.reconciler.run(signal),
      watchEvents({ engine, types: ["service"], onChange, signal, log }),
    ]);
  }

  /** Ends everything, and gives up notifications that have not been accepted yet. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.args.dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  /** Tells every receiver of every service again. */
  notifyServices(): void {
    this.resend = true;
    this.reconciler.request();
  }

  /**
   * Parameters of all services that want to be announced, as of now.
   * @throws if the engine cannot be read: receivers drop what is not listed, so an answer that is not sure would be worse than none
   */
  async servicesParameters(): Promise<Parameters[]> {
    return [...(await this.read()).values()].map(({ create }) => create);
  }

  /** Parameters of all nodes. */
  async nodesParameters(): Promise<Parameters[]> {
    return (await this.args.engine.nodes(this.stopping.signal)).map(nodeParameters);
  }

  private async reconcile(): Promise<void> {
    const services = await this.read();
    const resend = this.resend;
    this.resend = false;
    for (const dispatcher of this.args.dispatchers) dispatcher.sync(services, resend);
  }

  private async read(): Promise<ReadonlyMap<string, Registration>> {
    const { engine, services: options } = this.args;
    const services = await engine.services(options.notifyLabel, this.stopping.signal);
    const { byName, shadowed } = registrationsOf(services, options);
    const names = shadowed.map(({ Spec }) => Spec.Name).join(", ");
    if (names !== this.reported && names !== "") {
      this.args.log.warn("left out: an older service is announced by the same name", { names });
    }
    this.reported = names;
    return byName;
  }
}
