/** Who is logged in: the credentials stay here, and the browser gets a number. */
import { randomBytes } from "node:crypto";

interface Session {
  readonly authorization: string;
  until: number;
}

const IDLE_MS = 8 * 3600_000;
/** Enough for everyone; the oldest goes first. */
const MOST = 1000;

export class Sessions {
  private readonly sessions = new Map<string, Session>();

  open(authorization: string): string {
    const oldest = this.sessions.keys().next().value;
    if (this.sessions.size >= MOST && oldest !== undefined) this.sessions.delete(oldest);
    const id = randomBytes(32).toString("hex");
    this.sessions.set(id, { authorization, until: Date.now() + IDLE_MS });
    return id;
  }

  /** The credentials of a session that was not idle for too long. */
  find(id: string): string | undefined {
    const session = this.sessions.get(id);
    if (!session) return undefined;
    if (session.until < Date.now()) {
      this.sessions.delete(id);
      return undefined;
    }
    session.until = Date.now() + IDLE_MS;
    return session.authorization;
  }

  close(id: string): void {
    this.sessions.delete(id);
  }
}
