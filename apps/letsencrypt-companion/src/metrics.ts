import { Counter, Gauge, Registry } from "prom-client";
import type { Companion } from "./companion";
import type { Distributor } from "./proxies/distributor";
import type { Status } from "./status";

export interface MetricsSources {
  readonly status: () => Status;
  readonly companion: Pick<Companion, "orders">;
  readonly distributor: Pick<Distributor, "puts">;
}

/** Prometheus' metrics, read from the status at each scrape. */
export function createMetrics({ status, companion, distributor }: MetricsSources): Registry {
  const register = new Registry();
  const registers = [register];
  const perCertificate = (
    name: string,
    help: string,
    value: (certificate: Status["certificates"][number]) => number | undefined,
  ): Gauge =>
    new Gauge({
      ...{ name: `letsencrypt_certificate_${name}`, help, labelNames: ["name"], registers },
      collect() {
        this.reset();
        for (const certificate of status().certificates) {
          const found = value(certificate);
          if (found !== undefined) this.set({ name: certificate.name }, found);
        }
      },
    });
  const counter = (name: string, help: string, counts: () => Record<string, number>): Counter =>
    new Counter({
      ...{ name: `letsencrypt_${name}`, help, labelNames: ["outcome"], registers },
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(counts())) this.inc({ outcome }, count);
      },
    });
  const seconds = (iso: string | undefined): number | undefined =>
    iso === undefined ? undefined : Date.parse(iso) / 1000;

  perCertificate("not_after_seconds", "When the certificate expires, since the epoch.", (c) =>
    seconds(c.notAfter),
  );
  perCertificate("next_attempt_seconds", "When it is ordered next, since the epoch.", (c) =>
    seconds(c.nextAttempt),
  );
  perCertificate("failures", "Attempts that failed in a row.", (c) => c.failures);
  new Gauge({
    name: "letsencrypt_healthy",
    help: "1 where there is nothing that a person should look at.",
    registers,
    collect() {
      this.set(status().healthy ? 1 : 0);
    },
  });
  counter("orders_total", "Orders since the start, by their outcome.", () => companion.orders);
  counter(
    "proxy_puts_total",
    "Certificates put to proxies since the start, by outcome.",
    () => distributor.puts,
  );
  return register;
}
