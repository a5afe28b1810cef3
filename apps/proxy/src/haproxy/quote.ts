/**
 * Quotes one word of haproxy.cfg: nothing is special between single quotes. The values were validated long before;
 * this is the second fence, and it fails rather than renders what could end a line or the quotes.
 * @throws Error for a quote or a control character
 */
export function quote(word: string): string {
  // eslint-disable-next-line no-control-regex
  if (/['\u0000-\u001f\u007f]/.test(word)) {
    throw new Error(`cannot be written to haproxy.cfg: ${JSON.stringify(word)}`);
  }
  return `'${word}'`;
}

/**
 * Quotes a text that may hold single quotes: those stand outside of the quoted parts, escaped.
 * @throws Error for a backslash or a control character
 */
export function quoteText(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\\\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(`cannot be written to haproxy.cfg: ${JSON.stringify(text)}`);
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Quotes a text that HAProxy reads as a log format: a `%` that begins none of the expressions is doubled, so that it means itself.
 * @throws Error for a backslash or a control character
 */
export function quoteFormat(text: string, expressions: readonly string[] = []): string {
  const literal = text.replace(/%/g, (_, offset: number) =>
    expressions.some((known) => text.startsWith(known, offset)) ? "%" : "%%",
  );
  return quoteText(literal);
}

/**
 * Quotes a text for use as an argument between single quotes inside of a word between double quotes, where
 * backslash, `"` and `$` have a meaning.
 * @throws Error for a single quote or a control character
 */
export function quoteArgument(text: string): string {
  return quote(text).replace(/[\\"$]/g, "\\$&");
}
