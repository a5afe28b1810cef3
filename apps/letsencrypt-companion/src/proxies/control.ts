import { type Certificate, normalise } from "../certificate";
import { send } from "../request";
import type { ProxyTask } from "./find";

const BASE = "/v1/docker-flow-proxy";

/** Puts a certificate to a proxy under the original's name for it. @throws Error when the proxy does not take it */
export async function putCertificate(
  { address, port, distribute }: ProxyTask,
  name: string,
  { pem }: Certificate,
): Promise<void> {
  const query = new URLSearchParams({ certName: certName(name) });
  if (distribute) query.set("distribute", "true");
  const { status, text } = await send({
    method: "PUT",
    host: address,
    port,
    path: `${BASE}/cert?${query.toString()}`,
    headers: { "Content-Type": "application/x-pem-file", "Content-Length": String(pem.length) },
    body: pem,
  });
  if (status !== 200) throw new Error(`it answered ${status}: ${text.slice(0, 200)}`);
}

/** What the original companion calls a certificate. */
export const certName = (name: string): string => `${name}.combined.pem`;

/**
 * The fingerprints of the certificates that a proxy has; undefined of a proxy that does not tell, as the original.
 * @throws Error when it does not answer
 */
export async function fingerprintsOf({
  address,
  port,
}: ProxyTask): Promise<ReadonlySet<string> | undefined> {
  const { status, text } = await send({ host: address, port, path: `${BASE}/certs` });
  if (status !== 200) return undefined;
  const { Certs: list } = (parse(text) ?? {}) as { Certs?: unknown };
  if (!Array.isArray(list)) return undefined;
  const fingerprints = list.flatMap((item: unknown) => {
    const { fingerprint } = (item ?? {}) as { fingerprint?: unknown };
    return typeof fingerprint === "string" ? [normalise(fingerprint)] : [];
  });
  return fingerprints.length > 0 || list.length === 0 ? new Set(fingerprints) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
