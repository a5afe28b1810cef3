/**
 * Reads a pipeline of Logstash as far as its keys go: sections, conditions, plugins and their options.
 * https://www.elastic.co/docs/reference/logstash/configuration-file-structure
 */

/** A plugin, as `input tcp` or `codec json_lines`, and the names of its options. */
export interface Plugin {
  readonly name: string;
  readonly options: readonly string[];
}

const TOKEN =
  /\s+|#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/(?:\\.|[^/\\\n])+\/|=>|[!=]~|[!=<>]=|[{}()[\],!<>]|[A-Za-z0-9_.@-]+/y;

/** @throws Error that says where the text is no pipeline */
export function plugins(text: string): Plugin[] {
  const tokens = tokensOf(text);
  const found: Plugin[] = [];
  const take = (expected?: string): string => {
    const token = tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`expected ${expected ?? "more"}, got ${token ?? "the end"}`);
    }
    return token;
  };

  /** What is between two brackets, brackets included. */
  const skip = (open: string, close: string): void => {
    take(open);
    while (tokens[0] !== close) {
      if (tokens[0] === open) skip(open, close);
      else take();
    }
    take(close);
  };

  const value = (): void => {
    if (tokens[0] === "[") return skip("[", "]");
    if (tokens[0] === "{") return skip("{", "}");
    const name = take();
    if (tokens[0] === "{") plugin(`codec ${name}`);
  };

  const plugin = (name: string): void => {
    const options: string[] = [];
    take("{");
    while (tokens[0] !== "}") {
      options.push(take());
      take("=>");
      value();
    }
    take("}");
    found.push({ name, options });
  };

  const block = (section: string): void => {
    take("{");
    while (tokens[0] !== "}") {
      const name = take();
      if (name === "if" || name === "else") {
        while (tokens[0] !== "{") take();
        block(section);
      } else plugin(`${section} ${name}`);
    }
    take("}");
  };

  while (tokens.length > 0) {
    const section = take();
    if (!["input", "filter", "output"].includes(section)) throw new Error(`no section: ${section}`);
    block(section);
  }
  return found;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw new Error(`no pipeline from ${text.slice(at, at + 30)} on`);
    if (!/^[\s#]/.test(token)) tokens.push(token);
  }
  return tokens;
}
