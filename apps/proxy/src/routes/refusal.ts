/** A request that cannot be granted: the status to answer with and a sentence that names the parameter. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 403 | 405 | 409 | 413 | 500,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** Refuses with 400. */
export function refuse(message: string): never {
  throw new Refusal(400, message);
}

/** Shortens and escapes a value for a message, so that it can neither flood nor forge a log line. */
export function shown(value: string): string {
  const text = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return text.replace(/[\u007f-\u009f\u2028\u2029]/g, "?");
}
