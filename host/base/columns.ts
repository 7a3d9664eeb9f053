/** Tables on the terminal. */

/** On which side of its column a cell stands. */
export type Align = "left" | "right";

/** Lines of text in columns as wide as their widest cell, under underlined headings. */
export function columns(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[],
): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, i) => (align[i] === "right" ? (cells[i] ?? "").padStart(width) : (cells[i] ?? "").padEnd(width)))
      .join("  ")
      .trimEnd();
  return [headings, widths.map((width) => "─".repeat(width)), ...rows].map((cells) => line(cells) + "\n").join("");
}
