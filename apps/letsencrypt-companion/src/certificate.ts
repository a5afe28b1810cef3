import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Validity } from "./schedule";

/** A certificate with its chain and key, in the form in which proxies take it. */
export interface Certificate extends Validity {
  /** PEM: certificate, chain, key, in the original's order. */
  readonly pem: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Lower case, sorted. */
  readonly domains: readonly string[];
  readonly issuer: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/;

/** Puts certbot's three files together. @throws Error as {@link parseCertificate} does */
export function assemble(certificate: string, chain: string, key: string): Certificate {
  const parts = [certificate, chain, key].map((part) => part.trim()).filter((part) => part !== "");
  return parseCertificate(`${parts.join("\n")}\n`);
}

/**
 * Reads a certificate from PEM.
 * @throws Error when it is not complete, or its parts do not belong together; the message never holds the key
 */
export function parseCertificate(pem: string): Certificate {
  const [leaf, ...chain] = (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
  if (leaf === undefined) throw new Error("there is no certificate in the file");
  const [key] = KEY.exec(pem) ?? [];
  if (key === undefined) throw new Error("there is no private key in the file");
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new Error("the private key is not the certificate's");
  }
  chain.reduce((issued, issuer) => {
    if (!issued.checkIssued(issuer)) throw new Error("the chain is not the certificate's");
    return issuer;
  }, leaf);
  return {
    pem,
    fingerprint: normalise(leaf.fingerprint256),
    domains: namesOf(leaf),
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
    issuer: /CN=(.+)/.exec(leaf.issuer)?.[1] ?? leaf.issuer.replaceAll("\n", ", "),
  };
}

/** A fingerprint without what differs between ways to write it. */
export function normalise(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

/** Whether a certificate is for these names and no others. */
export function isFor({ domains: has }: Certificate, domains: readonly string[]): boolean {
  return has.length === domains.length && domains.every((domain) => has.includes(domain));
}

function namesOf(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? "")
    .split(", ")
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice("DNS:".length).toLowerCase())
    .sort();
}
