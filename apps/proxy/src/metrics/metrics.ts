import type { RequestListener } from "node:http";

import { Counter, Gauge, Registry } from "prom-client";

import type { CertificateStatus } from "../certificates/certificates";
import type { DataPlane } from "../haproxy/dataPlane";
import { type Log, messageOf } from "../log";

/** What is looked up when the metrics are asked for. */
export interface MetricsOptions {
  readonly certificates: () => readonly CertificateStatus[];
  readonly routes: () => number;
  /** HAProxy's own metrics, as text. */
  readonly haproxy: (query: string) => Promise<string>;
  readonly log: Log;
}

const BASE = "/v1/docker-flow-proxy/";
const PATHS = new Set(["/metrics", `${BASE}metrics`]);

/** The control plane's counters, and HAProxy's metrics beside them. */
export class Metrics {
  private readonly registry = new Registry();

  private readonly reloads = new Counter({
    name: "proxy_reloads_total",
    help: "Reloads of HAProxy, by result (ok, failed)",
    labelNames: ["result"] as const,
    registers: [this.registry],
  });

  private readonly refusals = new Counter({
    name: "proxy_configurations_refused_total",
    help: "Configurations that HAProxy refused when it checked them",
    registers: [this.registry],
  });

  private readonly requests = new Counter({
    name: "proxy_control_requests_total",
    help: "Requests to the control API, by action and status",
    labelNames: ["action", "status"] as const,
    registers: [this.registry],
  });

  private readonly routes = new Gauge({
    name: "proxy_routes",
    help: "Services that have a route",
    registers: [this.registry],
  });

  private readonly expiry = new Gauge({
    name: "proxy_certificate_not_after_seconds",
    help: "Unix time at which a certificate expires",
    labelNames: ["name", "source", "fingerprint"] as const,
    registers: [this.registry],
  });

  private readonly leftOut = new Gauge({
    name: "proxy_certificates_left_out",
    help: "Certificates that cannot be served",
    registers: [this.registry],
  });

  private readonly memory = new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the control plane's process",
    registers: [this.registry],
  });

  constructor() {
    for (const result of ["ok", "failed"] as const) this.reloads.inc({ result }, 0);
  }

  /** A data plane that counts what it is asked. */
  meter(dataPlane: DataPlane): DataPlane {
    return {
      exited: dataPlane.exited,
      check: async (config) => {
        const complaint = await dataPlane.check(config);
        if (complaint !== undefined) this.refusals.inc();
        return complaint;
      },
      reload: async (config) => {
        try {
          await dataPlane.reload(config);
          this.reloads.inc({ result: "ok" });
        } catch (error) {
          this.reloads.inc({ result: "failed" });
          throw error;
        }
      },
      checkCertificates: (listFile) => dataPlane.checkCertificates(listFile),
      replaceCertificate: (file, pem) => dataPlane.replaceCertificate(file, pem),
      start: (config, serving) => dataPlane.start(config, serving),
      setServing: (serving) => dataPlane.setServing(serving),
      stop: (timeoutMs) => dataPlane.stop(timeoutMs),
    };
  }

  /** Answers `metrics`, hands every other request on, and counts them all. */
  serve(next: RequestListener, options: MetricsOptions): RequestListener {
    return (request, response) => {
      const [path = "", ...query] = (request.url ?? "").split("?");
      const known = PATHS.has(path.replace(/\/$/, ""));
      response.once("finish", () => {
        // Paths that lead nowhere are anyone's to make up.
        const action = response.statusCode === 404 ? "" : path.replace(BASE, "");
        this.requests.inc({ action, status: String(response.statusCode) });
      });
      if (!known) return next(request, response);
      request.resume();
      this.read(query.join("?"), options).then(
        (body) => {
          response.writeHead(200, {
            "Content-Type": this.registry.contentType,
            "Content-Length": Buffer.byteLength(body),
          });
          response.end(body);
        },
        (error: unknown) => {
          options.log.warn("metrics could not be told", { error: messageOf(error) });
          response.writeHead(500, { "Content-Type": "text/plain" }).end("500 no metrics\n");
        },
      );
    };
  }

  private async read(query: string, options: MetricsOptions): Promise<string> {
    const certificates = options.certificates();
    this.routes.set(options.routes());
    this.memory.set(process.memoryUsage.rss());
    this.leftOut.set(certificates.filter(({ error }) => error !== undefined).length);
    this.expiry.reset();
    for (const { name, source, fingerprint, notAfter } of certificates) {
      if (notAfter === null || fingerprint === null) continue;
      this.expiry.set({ name, source, fingerprint }, Date.parse(notAfter) / 1000);
    }
    return (await this.registry.metrics()) + (await options.haproxy(query));
  }
}
