import type { RenderOptions } from "./options";
import { quote } from "./quote";

/*
 * Mozilla's intermediate profile, version 6.0 (https://wiki.mozilla.org/Security/Server_Side_TLS,
 * guidelines/6.0.json of mozilla/ssl-config-generator).
 */
const CURVES = ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"];
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];
const CIPHERSUITES = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];

/** The lines of the `global` section that say which TLS is spoken. */
export function renderTlsProfile(): string[] {
  return [
    // Tickets are encrypted with a key that lives as long as the process, and would undo forward secrecy.
    "    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets prefer-client-ciphers",
    `    ssl-default-bind-curves ${CURVES.join(":")}`,
    `    ssl-default-bind-ciphers ${CIPHERS.join(":")}`,
    `    ssl-default-bind-ciphersuites ${CIPHERSUITES.join(":")}`,
    NO_EXTRA_FILES,
  ];
}

/** A certificate called `x.key` or `x.ocsp` is no part of another called `x`. */
const NO_EXTRA_FILES = "    ssl-load-extra-files none";

/** What follows the address on a `bind` line of HTTPS. */
export function renderTlsBind({
  certificateList,
  clientCaFile,
}: Pick<RenderOptions, "certificateList"> & {
  readonly clientCaFile?: string | undefined;
}): string {
  // A client without a certificate, or with a bad one, is refused by the routes that want one, and by no other.
  const clients =
    clientCaFile === undefined
      ? ""
      : ` ca-file ${quote(clientCaFile)} verify optional crt-ignore-err all ca-ignore-err all`;
  return `ssl crt-list ${quote(certificateList)}${clients} alpn h2,http/1.1`;
}

/** HTTP Strict Transport Security (RFC 6797), over TLS only, unless the app says it itself. */
export function renderHsts({ hstsMaxAge }: Pick<RenderOptions, "hstsMaxAge">): string[] {
  if (hstsMaxAge === 0) return [];
  return [
    `    http-after-response set-header Strict-Transport-Security max-age=${hstsMaxAge}` +
      " if { ssl_fc } !{ res.hdr(Strict-Transport-Security) -m found }",
  ];
}

/** A configuration that is only checked, by which HAProxy says whether it would load these certificates. */
export function renderCertificateCheck(certificateList: string): string {
  return [
    "global",
    ...renderTlsProfile(),
    "frontend check",
    "    mode http",
    "    timeout client 1s",
    `    bind 127.0.0.1:443 ${renderTlsBind({ certificateList })}`,
    "    http-request return status 200",
    "",
  ].join("\n");
}
