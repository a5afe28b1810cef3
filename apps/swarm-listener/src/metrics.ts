import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** How a notification ended. */
export type Outcome = "accepted" | "refused" | "given_up" | "superseded";

/** What the listener counts, for Prometheus. The first two are Docker Flow Swarm Listener's own, with its names and labels. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly errors = new Counter({
    name: "docker_flow_error",
    help: "Errors, by what was being done",
    labelNames: ["service", "operation"] as const,
    registers: [this.registry],
  });
  private readonly services = new Gauge({
    name: "docker_flow_service_count",
    help: "Services that are announced",
    labelNames: ["service"] as const,
    registers: [this.registry],
  });
  private readonly notifications = new Counter({
    name: "swarm_listener_notifications_total",
    help: "Notifications, by how they ended",
    labelNames: ["subject", "kind", "outcome"] as const,
    registers: [this.registry],
  });
  private readonly comparisons = new Histogram({
    name: "swarm_listener_comparison_seconds",
    help: "How long it took to read the swarm and to compare",
    labelNames: ["subject"] as const,
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: [this.registry],
  });
  private readonly compared = new Gauge({
    name: "swarm_listener_last_comparison_timestamp_seconds",
    help: "When the swarm was read last: what happened since is not known",
    labelNames: ["subject"] as const,
    registers: [this.registry],
  });

  /** @param processMetrics whether to count what the process uses, too */
  constructor(processMetrics = true) {
    if (processMetrics) collectDefaultMetrics({ register: this.registry });
    this.services.set({ service: SERVICE }, 0);
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** @param operation the original's name of what failed */
  failed(operation: string): void {
    this.errors.inc({ service: SERVICE, operation });
  }

  notified(subject: Subject, kind: "create" | "remove", outcome: Outcome): void {
    this.notifications.inc({ subject, kind, outcome });
    if (outcome !== "given_up") return;
    this.failed(`notificationSend${kind === "create" ? "Create" : "Remove"}${subject}Request`);
  }

  /** The swarm was read and compared. @param count how many there are */
  read(subject: Subject, count: number, seconds: number): void {
    this.comparisons.observe({ subject }, seconds);
    this.compared.setToCurrentTime({ subject });
    if (subject === "service") this.services.set({ service: SERVICE }, count);
  }
}

/** What notifications are about. */
export type Subject = "service" | "node";

const SERVICE = "swarm_listener";
