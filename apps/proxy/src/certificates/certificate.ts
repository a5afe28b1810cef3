import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

import { refuse, shown } from "../routes/refusal";

/** A certificate that can be served: valid, with its chain and key. */
export interface Certificate {
  /** Leaf, chain in the order of issue, key: what HAProxy loads. Nothing else that the input held. */
  readonly pem: string;
  /** DNS names and addresses that it is for, in lower case. */
  readonly domains: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The issuer's distinguished name, on one line. */
  readonly issuer: string;
  /** SHA-256 of the leaf, upper-case hexadecimal pairs with colons. */
  readonly fingerprint: string;
}

/** Mozilla's intermediate profile, as of the TLS versions and ciphers; OpenSSL takes no shorter one on Debian. */
const LEAST_RSA_BITS = 2048;

/** What certificate authorities and this machine may disagree about the time. */
const CLOCK_SKEW_MS = 5 * 60_000;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]+?-----END \1-----/g;
const KEY_LABELS = new Set(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]);
/** Parameters that OpenSSL writes beside keys; both are part of the key or chosen by the proxy. */
const IGNORED_LABELS = new Set(["EC PARAMETERS", "DH PARAMETERS"]);

/**
 * Reads a certificate, its chain and its key from PEM text, in whatever order they stand.
 * @param options.expiredToo takes a certificate that has expired, such as one kept on disk
 * @throws Refusal (400) that says what is wrong; it never repeats any of the key
 */
export function parseCertificate(
  text: string,
  { now = new Date(), expiredToo = false }: { now?: Date; expiredToo?: boolean } = {},
): Certificate {
  const { certificates, key } = readBlocks(text);
  const leaf = findLeaf(certificates, key);
  const chain = orderChain(leaf, certificates);
  const domains = domainsOf(leaf);
  if (domains.length === 0) refuse("the certificate names no domain");
  const [notBefore, notAfter] = [new Date(leaf.validFrom), new Date(leaf.validTo)];
  if (notAfter <= now && !expiredToo) {
    refuse(`the certificate expired at ${notAfter.toISOString()}`);
  }
  if (notBefore.getTime() > now.getTime() + CLOCK_SKEW_MS) {
    refuse(`the certificate is valid from ${notBefore.toISOString()} only`);
  }
  const pem = [leaf, ...chain].map(String).join("") + exportKey(key);
  return {
    pem,
    domains,
    notBefore,
    notAfter,
    issuer: oneLine(leaf.issuer),
    fingerprint: leaf.fingerprint256,
  };
}

function readBlocks(text: string): { certificates: readonly X509Certificate[]; key: KeyObject } {
  const certificates = new Map<string, X509Certificate>();
  const keys: KeyObject[] = [];
  for (const [block, label = ""] of text.matchAll(BLOCK)) {
    if (label === "CERTIFICATE") {
      const certificate = readCertificate(block, certificates.size + 1);
      certificates.set(certificate.fingerprint256, certificate);
    } else if (KEY_LABELS.has(label)) {
      keys.push(readKey(block));
    } else if (label === "ENCRYPTED PRIVATE KEY") {
      refuse("the private key is encrypted; send it without a passphrase");
    } else if (!IGNORED_LABELS.has(label)) {
      refuse(`a ${shown(label)} block has no place in a certificate`);
    }
  }
  if (certificates.size === 0)
    refuse("there is no certificate in it (PEM: certificate, chain, key)");
  const [key, ...others] = keys;
  if (key === undefined) refuse("the private key is missing (PEM: certificate, chain, key)");
  if (others.length > 0) refuse("there is more than one private key in it");
  return { certificates: [...certificates.values()], key };
}

function readCertificate(block: string, position: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    return refuse(`certificate ${position} in it cannot be read`);
  }
}

function readKey(block: string): KeyObject {
  // OpenSSL's older form of encryption is a header inside the block.
  if (block.includes("ENCRYPTED")) {
    refuse("the private key is encrypted; send it without a passphrase");
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    return refuse("the private key cannot be read");
  }
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < LEAST_RSA_BITS) {
    refuse(`the RSA key has ${modulusLength} bits; it must have at least ${LEAST_RSA_BITS}`);
  }
  return key;
}

function findLeaf(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate {
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) refuse("the private key belongs to none of the certificates");
  const others = certificates.filter((certificate) => certificate !== leaf && !certificate.ca);
  if (others.length > 0) {
    refuse(
      `there are several leaf certificates in it: ${[leaf, ...others].map((one) => shown(oneLine(one.subject))).join(", ")}`,
    );
  }
  return leaf;
}

/** The certificates that lead from the leaf to the root, each having issued the one before. */
function orderChain(
  leaf: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const left = new Set(certificates.filter((certificate) => certificate !== leaf));
  const chain: X509Certificate[] = [];
  for (let last = leaf; ;) {
    const issuer = [...left].find((candidate) => last.checkIssued(candidate));
    if (issuer === undefined) break;
    chain.push(issuer);
    left.delete(issuer);
    last = issuer;
  }
  const [stranger] = left;
  if (stranger !== undefined) {
    refuse(`${shown(oneLine(stranger.subject))} is no part of the certificate's chain`);
  }
  return chain;
}

/** The names in the certificate; the common name counts where there are no others, as HAProxy has it. */
function domainsOf(leaf: X509Certificate): readonly string[] {
  const names = (leaf.subjectAltName ?? "")
    .split(", ")
    .map((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1])
    .filter((name) => name !== undefined);
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  const all = names.length > 0 ? names : common === undefined ? [] : [common];
  return [...new Set(all.map((name) => name.toLowerCase()))];
}

function exportKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Node writes distinguished names with a line per part. */
function oneLine(name: string): string {
  return name.split("\n").join(", ");
}
