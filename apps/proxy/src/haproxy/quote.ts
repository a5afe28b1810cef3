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
