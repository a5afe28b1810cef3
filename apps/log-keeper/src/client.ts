import { reason } from "./log";

/** Somebody does not answer (yet): nothing to do but to wait. */
export class Away extends Error {}

/** An answer that was not to be expected. */
export class Unexpected extends Error {}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 20_000;

/** Asks one server, as one user. Passwords are in no message of its errors. */
export class Client {
  constructor(
    private readonly name: string,
    private readonly base: string,
    private readonly user: string,
    private readonly password: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /**
   * @param expected statuses beside 2xx that the caller makes sense of
   * @throws Away when nobody answers or the server says that it cannot now; Unexpected for another status
   */
  async ask(
    method: string,
    path: string,
    body?: object,
    expected: readonly number[] = [],
  ): Promise<Answer> {
    const isForm = body instanceof FormData;
    let status: number, text: string;
    try {
      const response = await fetch(`${this.base}${path}`, {
        method,
        headers: {
          ...this.headers,
          authorization: `Basic ${Buffer.from(`${this.user}:${this.password}`).toString("base64")}`,
          ...(body && !isForm ? { "content-type": "application/json" } : {}),
        },
        body: isForm ? body : body && JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Away(`${this.name} does not answer: ${reason(cause)}`);
    }
    if (status === 429 || status >= 502) {
      throw new Away(`${this.name} cannot answer yet: ${status}`);
    }
    if (!(status >= 200 && status < 300) && !expected.includes(status)) {
      throw new Unexpected(
        `${this.name} answered ${method} ${path} with ${status}: ${text.slice(0, 300)}`,
      );
    }
    return { status, body: parsed(text) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
