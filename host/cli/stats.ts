/** The table that `skein run --stats` prints. */
import type { RuntimeStats } from "../top/stats.js";

const COLUMNS = ["M", "goroutines", "switches", "steals", "parks"] as const;

/** What each M did, as text; `elapsedMs` is how long the program ran. */
export function statsTable(stats: RuntimeStats, elapsedMs: number): string {
  const rows = stats.ms.map((m) => [m.id, m.goroutines, m.switches, m.steals, m.parks].map(String));
  const sums = (["goroutines", "switches", "steals", "parks"] as const).map((key) =>
    String(stats.ms.reduce((sum, m) => sum + m[key], 0)),
  );
  const table: string[][] = [[...COLUMNS], ...rows, ["all", ...sums]];
  const widths = COLUMNS.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  const lines = table.map((row) => "  " + row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  "));
  const seconds = (elapsedMs / 1000).toFixed(3);
  const heap = (stats.heapBytes / 2 ** 20).toFixed(1);
  return `${seconds} s on ${stats.procs} Ps and ${stats.ms.length} Ms, heap ${heap} MiB\n${lines.join("\n")}\n`;
}
