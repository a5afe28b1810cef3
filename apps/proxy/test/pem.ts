import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, as PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

interface Options {
  /** DNS names; none makes a certificate without the extension. */
  readonly names?: readonly string[];
  readonly days?: number;
  /** Further arguments of `openssl req`. */
  readonly more?: readonly string[];
  readonly issuer?: Pair;
  readonly ca?: boolean;
  readonly algorithm?: "ec" | "rsa:1024" | "rsa:2048";
}

/** Makes a certificate with openssl; its common name is the first argument. */
export function makePair(name: string, options: Options = {}): Pair {
  const { names = [name], days = 30, more = [], issuer, ca = false, algorithm = "ec" } = options;
  const folder = mkdtempSync(join(tmpdir(), "proxy-pem-"));
  try {
    const file = (base: string): string => join(folder, base);
    const args = ["req", "-x509", "-nodes", "-newkey", algorithm, "-days", String(days)];
    if (algorithm === "ec") args.push("-pkeyopt", "ec_paramgen_curve:P-256");
    args.push("-subj", `/CN=${name}`, "-keyout", file("key"), "-out", file("certificate"));
    if (names.length > 0) {
      args.push("-addext", `subjectAltName=${names.map((one) => `DNS:${one}`).join(",")}`);
    }
    args.push("-addext", `basicConstraints=critical,CA:${ca ? "TRUE" : "FALSE"}`);
    if (issuer !== undefined) {
      execFileSync("sh", ["-c", 'cat > "$0"', file("ca")], { input: issuer.certificate });
      execFileSync("sh", ["-c", 'cat > "$0"', file("ca-key")], { input: issuer.key });
      args.push("-CA", file("ca"), "-CAkey", file("ca-key"));
    }
    execFileSync("openssl", [...args, ...more], { stdio: ["ignore", "ignore", "pipe"] });
    const read = (base: string): string => readFileSync(file(base), "utf8");
    return { certificate: read("certificate"), key: read("key") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Certificate and key in one text, as `PUT cert` takes them. */
export function makePem(name: string, options: Options = {}): string {
  const { certificate, key } = makePair(name, options);
  return certificate + key;
}
