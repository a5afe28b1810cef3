/** Rows of cells as lines, each column as wide as its widest cell, with `gap` in between. */
export function columns(rows: readonly (readonly string[])[], gap: string): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(gap))
    .map((line) => line.trimEnd())
    .join("\n");
}
