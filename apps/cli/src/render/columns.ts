import type { Style } from "./style.ts";
import { columns, padEnd } from "./text.ts";

/** Rows under titles, each column as wide as it has to be. */
export function renderColumns(titles: readonly string[], rows: readonly string[][], style: Style): string[] {
  const widths = titles.map((title, at) =>
    Math.max(columns(title), ...rows.map((row) => columns(row[at] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => padEnd(cell, widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [style.dim(line(titles)), ...rows.map(line)];
}
