/** How before and after are put into words, as Markdown. */

/** A text as code. What a change brings along may not get out of it, nor fill the page. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replace(/`/g, "'").trim();
  return `\`${line.length > 160 ? `${line.slice(0, 160)}…` : line || " "}\``;
}

export const codes = (texts: readonly string[]): string => texts.map(code).join(", ");

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Something of a resource that can differ: its parts by name, or a single value under the name "". */
export interface Facet<T> {
  readonly title: string;
  readonly read: (state: T) => Readonly<Record<string, string>>;
  /** Whether its values may be shown; else its parts' names alone are. */
  readonly open?: boolean;
}

/** What differs, a phrase each. */
export function differences<T>(facets: readonly Facet<T>[], before: T, after: T): string[] {
  return facets.flatMap(({ title, read, open }) => {
    const [old, now] = [read(before), read(after)];
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
    const parts = names
      .filter((name) => old[name] !== now[name])
      .map((name) => {
        const [from, to] = [old[name], now[name]];
        if (name === "") return open ? `${shown(from)} → ${shown(to)}` : "changed";
        if (from === undefined) return `${code(name)} added`;
        if (to === undefined) return `${code(name)} removed`;
        return open ? `${code(name)} ${shown(from)} → ${shown(to)}` : `${code(name)} changed`;
      });
    return parts.length > 0 ? [`${title} ${parts.join(", ")}`] : [];
  });
}

const shown = (value: string | undefined): string => (value === undefined ? "none" : code(value));

/** What there is, a phrase each. */
export function inventory<T>(facets: readonly Facet<T>[], state: T): string[] {
  return facets.flatMap(({ title, read, open }) => {
    const entries = Object.entries(read(state)).sort();
    const parts = entries.map(([name, value]) => code(name === "" && open ? value : name));
    return parts.length > 0 ? [`${title} ${parts.join(", ")}`] : [];
  });
}

/** One of the lines that a change takes away (`-`) or brings (`+`). */
export interface Mark {
  readonly sign: "-" | "+";
  readonly line: string;
}

/** The lines that are not in both, sorted, so that before and after of one thing stand together. */
export function marks(before: readonly string[], after: readonly string[]): Mark[] {
  const gone = before.filter((line) => !after.includes(line));
  const come = after.filter((line) => !before.includes(line));
  return [
    ...gone.map((line) => ({ sign: "-" as const, line })),
    ...come.map((line) => ({ sign: "+" as const, line })),
  ].sort((a, b) => a.line.split(" ")[0]!.localeCompare(b.line.split(" ")[0]!));
}

/** Before and after as a block that GitHub colours. */
export function diffBlock(title: string, before: readonly string[], after: readonly string[]) {
  const lines = marks(before, after).map(({ sign, line }) => `${sign} ${plain(line)}`);
  if (lines.length === 0) return [];
  const stay = before.filter((line) => after.includes(line)).length;
  const rest =
    stay > 0 ? [`${stay === 1 ? "1 other stays" : `${stay} others stay`} as they are.`] : [];
  return [
    [`## ${title}`, "", "```diff", ...lines, "```", ...rest.flatMap((line) => ["", line])].join(
      "\n",
    ),
  ];
}

const plain = (line: string): string => line.replace(/\s+/g, " ").replace(/`/g, "'");
