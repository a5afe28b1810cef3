import { assemble, isFor, normalise, parseCertificate } from "../src/certificate";
import { type Files, TestCa } from "./support";

let files: Files;
let other: Files;
beforeAll(() => {
  const ca = new TestCa();
  files = ca.issue(["www.a.example", "A.example"]);
  other = ca.issue(["b.example"]);
  ca.remove();
});

test("puts certificate, chain and key together in the original's order", () => {
  const { pem } = assemble(files.cert, files.chain, files.privkey);
  expect(pem).toBe([files.cert, files.chain, files.privkey].map((p) => `${p.trim()}\n`).join(""));
});

test("tells what is in it", () => {
  const certificate = assemble(files.cert, files.chain, files.privkey);
  expect(certificate.domains).toEqual(["a.example", "www.a.example"]);
  expect(certificate.issuer).toBe("Test CA");
  expect(certificate.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(certificate.notAfter.getTime() - certificate.notBefore.getTime()).toBe(90 * 86_400_000);
  expect(isFor(certificate, ["a.example", "www.a.example"])).toBe(true);
  expect(isFor(certificate, ["a.example"])).toBe(false);
  expect(isFor(certificate, ["a.example", "b.example"])).toBe(false);
});

test("a chain may be empty, and a fingerprint is the same however it is written", () => {
  const { fingerprint } = assemble(files.cert, "", files.privkey);
  expect(normalise(fingerprint.toUpperCase().replace(/(..)(?=.)/g, "$1:"))).toBe(fingerprint);
});

test("refuses what does not belong together or is not whole, without a word of the key", () => {
  const refusals: [() => unknown, RegExp][] = [
    [() => assemble(files.cert, files.chain, other.privkey), /key is not the certificate's/],
    [() => assemble(files.cert, other.cert, files.privkey), /chain is not the certificate's/],
    [() => assemble(files.cert, files.chain, ""), /no private key/],
    [() => assemble("", "", files.privkey), /no certificate/],
    [() => parseCertificate(`${files.cert.slice(0, 80)}`), /no certificate/],
    [() => assemble(files.cert, files.chain, files.privkey.replace(/M../, "M")), /./],
  ];
  const secret = files.privkey.split("\n")[1] ?? "";
  for (const [attempt, message] of refusals) {
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow(secret);
  }
});
