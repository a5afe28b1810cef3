/** TLS handshakes as clients make them. */
import { connect } from "node:tls";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * What is served for a name.
 * @param root PEM of what has to trust it
 * @returns the certificate's SHA-256, lower-case hexadecimal
 * @throws Error without a handshake within 5 s, or where the certificate is not trusted or for another name
 */
export function served(endpoint: Endpoint, servername: string, root: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint, servername, ca: root }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256.replaceAll(":", "").toLowerCase());
    });
    socket.setTimeout(5_000, () => socket.destroy(new Error("no handshake within 5 s")));
    socket.on("error", reject);
  });
}

/** Handshakes with each endpoint without a pause worth the name, whose failures are counted. */
export class Handshakes {
  readonly failures: string[] = [];
  /** What was served, in the order in which it was seen first. */
  readonly fingerprints = new Set<string>();
  count = 0;
  private running = true;
  private readonly clients: readonly Promise<void>[];

  constructor(endpoints: readonly Endpoint[], servername: string, root: string) {
    this.clients = endpoints.map((endpoint) => this.client(endpoint, servername, root));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.clients);
  }

  private async client(endpoint: Endpoint, servername: string, root: string): Promise<void> {
    while (this.running) {
      this.count += 1;
      try {
        this.fingerprints.add(await served(endpoint, servername, root));
      } catch (error) {
        const where = `${endpoint.host}:${endpoint.port}`;
        this.failures.push(`${new Date().toISOString()} ${where}: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
