/** The answers that HAProxy makes itself: they say what happened and nothing of what is behind. */
const ERRORS: readonly (readonly [status: number, text: string])[] = [
  [400, "Bad request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not found"],
  [405, "Method not allowed"],
  [407, "Proxy authentication required"],
  [408, "Request timeout"],
  [410, "Gone"],
  [413, "Payload too large"],
  [425, "Too early"],
  [429, "Too many requests"],
  [500, "Internal server error"],
  [501, "Not implemented"],
  [502, "Bad gateway"],
  [503, "Service unavailable"],
  [504, "Gateway timeout"],
];

/** The lines of a `defaults` section that replace HAProxy's own pages. */
export function renderErrors(): string[] {
  return ERRORS.map(
    ([status, text]) =>
      `    http-error status ${status} content-type 'text/plain; charset=utf-8' string '${status} ${text}' hdr Cache-Control no-store`,
  );
}
