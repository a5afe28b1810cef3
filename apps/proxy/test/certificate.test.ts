import { X509Certificate } from "node:crypto";

import { parseCertificate } from "../src/certificates/certificate";
import { makeSelfSigned } from "../src/certificates/selfSigned";
import { makePair, makePem } from "./pem";

const DAY_MS = 86_400_000;
const root = makePair("root", { names: [], ca: true });
const intermediate = makePair("intermediate", { names: [], ca: true, issuer: root });
const leaf = makePair("a.example", { names: ["A.example", "*.a.example"], issuer: intermediate });
const other = makePair("b.example");

const certificatesIn = (pem: string): X509Certificate[] =>
  [...pem.matchAll(/-----BEGIN CERT[^]+?-----END CERTIFICATE-----/g)].map(
    ([block]) => new X509Certificate(block),
  );

describe("parseCertificate", () => {
  it("reads certificate, chain and key", () => {
    const text = leaf.certificate + intermediate.certificate + leaf.key;
    const certificate = parseCertificate(text);
    const x509 = new X509Certificate(leaf.certificate);
    expect(certificate).toEqual({
      pem: expect.stringMatching(/-----END PRIVATE KEY-----\n$/) as string,
      domains: ["a.example", "*.a.example"],
      notBefore: new Date(x509.validFrom),
      notAfter: new Date(x509.validTo),
      issuer: "CN=intermediate",
      fingerprint: x509.fingerprint256,
    });
  });

  it("puts leaf, chain and key in order, whatever order they came in, and drops what stands between", () => {
    const text = [
      "Bag Attributes\r\n\tfriendlyName: x",
      leaf.key,
      root.certificate,
      intermediate.certificate,
      intermediate.certificate,
      leaf.certificate,
    ].join("\n");
    const { pem } = parseCertificate(text);
    expect(certificatesIn(pem).map(({ subject }) => subject)).toEqual([
      "CN=a.example",
      "CN=intermediate",
      "CN=root",
    ]);
    expect(pem).not.toContain("friendlyName");
    expect(pem.trim().split("-----").at(-2)).toBe("END PRIVATE KEY");
  });

  it("takes the common name where there are no other names", () => {
    expect(parseCertificate(makePem("Only.example", { names: [] })).domains).toEqual([
      "only.example",
    ]);
  });

  it("takes what makeSelfSigned makes", async () => {
    expect(parseCertificate(await makeSelfSigned()).domains).toEqual(["proxy.invalid"]);
  });

  it.each<[string, () => string, RegExp]>([
    ["nothing", () => "", /no certificate/],
    ["garbage", () => "\u0000garbage", /no certificate/],
    ["a key alone", () => leaf.key, /no certificate/],
    ["no key", () => leaf.certificate, /private key is missing/],
    ["another's key", () => leaf.certificate + other.key, /belongs to none/],
    ["two keys", () => leaf.certificate + leaf.key + other.key, /more than one private key/],
    [
      "two leafs",
      () => leaf.certificate + other.certificate + leaf.key,
      /several leaf certificates.*a\.example.*b\.example/,
    ],
    [
      "a chain of someone else",
      () => other.certificate + intermediate.certificate + other.key,
      /intermediate.*no part of the certificate's chain/,
    ],
    [
      "a gap in the chain",
      () => leaf.certificate + root.certificate + leaf.key,
      /root.*no part of the certificate's chain/,
    ],
    [
      "half a certificate",
      () => leaf.certificate.replace(/\n.{60}/, "\n") + leaf.key,
      /certificate 1 in it cannot be read/,
    ],
    [
      "half a key",
      () => leaf.certificate + leaf.key.replace(/\n.{30}/, "\n"),
      /key cannot be read/,
    ],
    [
      "an encrypted key",
      () => leaf.certificate + leaf.key.replace(/PRIVATE KEY/g, "ENCRYPTED PRIVATE KEY"),
      /encrypted/,
    ],
    [
      "a request",
      () => leaf.certificate.replace(/CERTIFICATE/g, "CERTIFICATE REQUEST") + leaf.key,
      /CERTIFICATE REQUEST/,
    ],
    [
      "a weak key",
      () => makePem("weak.example", { algorithm: "rsa:1024" }),
      /RSA key has 1024 bits/,
    ],
  ])("refuses %s", (_what, text, reason) => {
    expect(() => parseCertificate(text())).toThrow(reason);
  });

  it("repeats nothing of a key that it refuses", () => {
    const secret = leaf.key.split("\n")[1] ?? "";
    for (const text of [
      leaf.key,
      other.certificate + leaf.key,
      leaf.certificate + leaf.key + leaf.key,
    ]) {
      expect(() => parseCertificate(text)).toThrow(
        expect.not.objectContaining({
          message: expect.stringContaining(secret) as string,
        }) as Error,
      );
    }
  });

  it("refuses what has expired, unless it was kept, and what is not valid yet", () => {
    const text = leaf.certificate + leaf.key;
    const after = (days: number) => ({ now: new Date(Date.now() + days * DAY_MS) });
    expect(() => parseCertificate(text, after(31))).toThrow(/expired at/);
    expect(parseCertificate(text, { ...after(31), expiredToo: true }).domains).toHaveLength(2);
    expect(() => parseCertificate(text, after(-1))).toThrow(/valid from .* only/);
    expect(parseCertificate(text, after(-2 / 1440)).domains).toHaveLength(2);
  });
});
