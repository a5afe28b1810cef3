/** Pebble, the ACME server for tests, and its DNS, as containers on a network of the engine; its chaos is left on. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const IMAGE = "debian:trixie-slim";
const [ACME_PORT, MANAGEMENT_PORT, DNS_PORT, DNS_MANAGEMENT_PORT] = [14000, 15000, 8053, 8055];

export interface PebbleOptions {
  /** Prefix of the containers' names. */
  readonly name: string;
  /** The engine's network. */
  readonly network: string;
  readonly labels: readonly string[];
  /** How ACME clients call it; its address when left out. */
  readonly hostname?: string;
  /** The port where it asks for challenges. */
  readonly httpPort: number;
  /** How long its certificates are valid. */
  readonly validitySeconds: number;
  /** How many of a hundred good nonces it rejects; its own default when left out. */
  readonly rejectedNoncesPercent?: number;
}

/** A CA that runs. */
export class Pebble {
  private readonly containers: string[] = [];

  private constructor(
    private readonly options: PebbleOptions,
    private readonly folder: string,
    private readonly address: string,
    private readonly dnsAddress: string,
  ) {}

  /** Starts it; every name resolves to 127.0.0.1, where nothing is, until {@link resolveTo} says otherwise. */
  static async start(options: PebbleOptions): Promise<Pebble> {
    const binaries = execFileSync(resolve(__dirname, "../../scripts/pebble"), {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }).trim();
    const folder = mkdtempSync(join(tmpdir(), "pebble-"));
    const { name, network, labels, hostname, rejectedNoncesPercent } = options;
    const start = async (
      container: string,
      more: readonly string[],
      command: readonly string[],
    ) => {
      await docker(
        ...["create", "--name", container, "--network", network, "--memory", "256m"],
        ...labels.flatMap((label) => ["--label", label]),
        ...["--volume", `${binaries}:/pebble:ro`, "--volume", `${folder}:/config:ro`],
        ...[...more, IMAGE, ...command],
      );
      await docker("start", container);
      const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
      return docker("inspect", "--format", format, container);
    };
    const dnsAddress = await start(
      `${name}-dns`,
      [],
      [
        ...["/pebble/pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
        ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""],
      ],
    );
    // It starts when its files are there: those need its address.
    const whenReady = "until [ -f /config/ready ]; do sleep 0.1; done";
    const address = await start(
      name,
      [
        ...(hostname === undefined ? [] : ["--network-alias", hostname]),
        ...(rejectedNoncesPercent === undefined
          ? []
          : ["--env", `PEBBLE_WFE_NONCEREJECT=${rejectedNoncesPercent}`]),
      ],
      [
        ...["sh", "-c", `${whenReady}; exec /pebble/pebble "$@"`, "pebble"],
        ...["-config", "/config/pebble.json", "-dnsserver", `${dnsAddress}:${DNS_PORT}`],
      ],
    );
    makeCertificate(folder, address, hostname);
    writeFileSync(join(folder, "pebble.json"), JSON.stringify(configOf(options)));
    writeFileSync(join(folder, "ready"), "");
    const pebble = new Pebble(options, folder, address, dnsAddress);
    pebble.containers.push(`${name}-dns`, name);
    await pebble.awaitReady();
    return pebble;
  }

  /** What ACME clients are told. */
  get directoryUrl(): string {
    return `https://${this.options.hostname ?? this.address}:${ACME_PORT}/dir`;
  }

  /** PEM of what ACME clients have to trust when they ask it. */
  get caBundle(): string {
    return readFileSync(this.caBundleFile, "utf8");
  }

  get caBundleFile(): string {
    return join(this.folder, "ca.pem");
  }

  /** PEM of what trusts the certificates that it issues. */
  root(): Promise<string> {
    return this.get(MANAGEMENT_PORT, "/roots/0");
  }

  /** Where a name leads, or all that are not named: an empty list for nowhere. */
  async resolveTo(addresses: readonly string[], host?: string): Promise<void> {
    const call = (path: string, body: unknown) =>
      fetch(`http://${this.dnsAddress}:${DNS_MANAGEMENT_PORT}/${path}`, {
        method: "POST",
        body: JSON.stringify(body),
      }).then((answer) => {
        if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      });
    if (host === undefined) return call("set-default-ipv4", { ip: addresses[0] });
    await call("clear-a", { host: `${host}.` });
    if (addresses.length > 0) await call("add-a", { host: `${host}.`, addresses });
  }

  /** Takes it off its network, as a CA that is down, or brings it back; what it knows stays. */
  async setReachable(reachable: boolean): Promise<void> {
    const { name, network, hostname } = this.options;
    if (!reachable) return void (await docker("network", "disconnect", network, name));
    const alias = hostname === undefined ? [] : ["--alias", hostname];
    await docker("network", "connect", "--ip", this.address, ...alias, network, name).catch(() =>
      // A network without a subnet of its own takes no addresses.
      docker("network", "connect", ...alias, network, name),
    );
  }

  logs(): Promise<string> {
    return run("docker", ["logs", this.options.name], { maxBuffer: 1 << 26 }).then(
      ({ stdout, stderr }) => stdout + stderr,
    );
  }

  async remove(): Promise<void> {
    await docker("rm", "--force", "--volumes", ...this.containers).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async awaitReady(): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      try {
        await this.root();
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((later) => setTimeout(later, 100));
      }
    }
  }

  private get(port: number, path: string): Promise<string> {
    return new Promise((done, reject) => {
      const options = { host: this.address, port, path, ca: this.caBundle, timeout: 2_000 };
      const asked = request(options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () =>
          answer.statusCode === 200 ? done(text) : reject(new Error(`${path}: ${text}`)),
        );
      });
      asked.on("timeout", () => asked.destroy(new Error(`${path}: no answer`)));
      asked.on("error", reject);
      asked.end();
    });
  }
}

async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args)).stdout.trim();
}

/** https://github.com/letsencrypt/pebble: one profile, as it would pick one at random. */
function configOf({ httpPort, validitySeconds }: PebbleOptions) {
  return {
    pebble: {
      listenAddress: `0.0.0.0:${ACME_PORT}`,
      managementListenAddress: `0.0.0.0:${MANAGEMENT_PORT}`,
      certificate: "/config/cert.pem",
      privateKey: "/config/key.pem",
      httpPort,
      tlsPort: 5001,
      keyAlgorithm: "ecdsa",
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: "short-lived", validityPeriod: validitySeconds } },
    },
  };
}

/** The certificate of its API, by a CA made for it. */
function makeCertificate(folder: string, address: string, hostname: string | undefined): void {
  const names = [`IP:${address}`, ...(hostname === undefined ? [] : [`DNS:${hostname}`])];
  const newKey = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  openssl(
    ...[...newKey, "-subj", "/CN=CA of the test's ACME API", "-days", "2"],
    ...["-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca.key", "-out", "ca.pem"],
  );
  openssl(
    ...[...newKey, "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=ACME API", "-days", "2"],
    ...["-addext", `subjectAltName=${names.join(",")}`],
    ...["-addext", "basicConstraints=critical,CA:false"],
    ...["-addext", "authorityKeyIdentifier=keyid"],
    ...["-keyout", "key.pem", "-out", "cert.pem"],
  );
}
