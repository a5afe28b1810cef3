/** The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), enough for one conversation. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const ITERATIONS = 4096;
/** Always the same, so that both sides have to stretch a password only once. */
const SALT = Buffer.alloc(28, "salt").toString("base64");
const stretched = new Map<string, Buffer>();

function stretch(password: string): Buffer {
  const known = stretched.get(password);
  if (known) return known;
  const salted = pbkdf2Sync(password, Buffer.from(SALT, "base64"), ITERATIONS, 32, "sha256");
  stretched.set(password, salted);
  return salted;
}

export class ScramServer {
  private firstBare = "";
  private serverFirst = "";
  private serverKey = Buffer.alloc(0);

  /** @param passwordOf undefined for a user that does not exist */
  constructor(private readonly passwordOf: (user: string) => string | undefined) {}

  public user = "";

  start(payload: Buffer): Buffer {
    const text = payload.toString();
    this.firstBare = text.slice("n,,".length);
    const attributes = parse(this.firstBare);
    this.user = (attributes["n"] ?? "").replace(/=2C/g, ",").replace(/=3D/g, "=");
    const nonce = `${attributes["r"]}${randomBytes(12).toString("base64")}`;
    this.serverFirst = `r=${nonce},s=${SALT},i=${ITERATIONS}`;
    return Buffer.from(this.serverFirst);
  }

  /** @returns the server's last message, or undefined when the proof is wrong */
  finish(payload: Buffer): Buffer | undefined {
    const password = this.passwordOf(this.user);
    const text = payload.toString();
    const { p: proof = "" } = parse(text);
    const withoutProof = text.slice(0, text.lastIndexOf(",p="));
    const message = `${this.firstBare},${this.serverFirst},${withoutProof}`;
    const salted = password === undefined ? randomBytes(32) : stretch(password);
    const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
    const signature = hmac(storedKey, message);
    const claimed = Buffer.from(proof, "base64").map((byte, i) => byte ^ (signature[i] ?? 0));
    const isRight = timingSafeEqual(createHash("sha256").update(claimed).digest(), storedKey);
    this.serverKey = hmac(salted, "Server Key");
    return isRight
      ? Buffer.from(`v=${hmac(this.serverKey, message).toString("base64")}`)
      : undefined;
  }
}

const parse = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
