/**
 * Writes the certificate authorities that this machine trusts beyond the distribution's own, one file each, for
 * update-ca-certificates: it would drop them from the bundle otherwise when ca-certificates is installed.
 *
 * Usage: node certificates.js BUNDLE DISTRIBUTION-FOLDER OUTPUT-FOLDER
 */
"use strict";
const { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @returns {string[]} the PEM blocks in a text */
function certificates(text) {
  return text.match(CERTIFICATE) ?? [];
}

/** PEM blocks that wrap their lines differently are one certificate. */
function identity(pem) {
  return pem.replace(/\s+/g, "");
}

/**
 * @param {string} bundle what the machine trusts
 * @param {string[]} distribution what the distribution trusts
 * @returns {string[]} the certificates of the bundle that the distribution does not bring
 */
function beyond(bundle, distribution) {
  const known = new Set(distribution.flatMap(certificates).map(identity));
  return certificates(bundle).filter((pem) => !known.has(identity(pem)));
}

function main([bundle, distribution, output]) {
  if (!existsSync(bundle)) return;
  const files = existsSync(distribution)
    ? readdirSync(distribution, { recursive: true }).filter((name) => name.endsWith(".crt"))
    : [];
  const extra = beyond(
    readFileSync(bundle, "utf8"),
    files.map((name) => readFileSync(join(distribution, name), "utf8")),
  );
  mkdirSync(output, { recursive: true });
  extra.forEach((pem, index) => writeFileSync(join(output, `host-${index + 1}.crt`), `${pem}\n`));
}

module.exports = { beyond };

if (require.main === module) main(process.argv.slice(2));
