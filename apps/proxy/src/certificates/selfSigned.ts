import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The subject of certificates made here; `.invalid` is nobody's (RFC 2606). */
export const SELF_SIGNED_NAME = "proxy.invalid";

/**
 * Makes a key and a certificate that nobody trusts, for a port that must be bound before there is a better one. The key
 * comes by a pipe and touches no disk here.
 * @throws Error when openssl is not there
 */
export async function makeSelfSigned(): Promise<string> {
  const { stdout } = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", "-", "-out", "-", "-days", "3650", "-subj", `/CN=${SELF_SIGNED_NAME}`],
    ...["-addext", `subjectAltName=DNS:${SELF_SIGNED_NAME}`],
  ]);
  return stdout;
}
