/** `skein trace`: sums a trace up on the terminal. */
import { writeFully } from "../base/stdio.js";
import { summarize, type FunctionSummary, type Summary, type Track } from "../trace/summary.js";
import { columns } from "../base/columns.js";

/** Functions that are shown, those that ran longest first. */
const FUNCTIONS_MAX = 20;

/** Prints what the trace in `file` shows. */
export async function traceCommand(file: string): Promise<void> {
  writeFully(1, Buffer.from(report(await summarize(file))));
}

/** The report, as text. */
export function report(summary: Summary): string {
  const { heading, duration, events, lost, isWhole } = summary;
  const parts = [`${time(duration)} on ${heading.procs} Ps, ${heading.runtime}, ${events} events\n`];
  if (lost > 0) parts.push(`${lost} more events found no room in the buffers and are missing here\n`);
  if (!isWhole) parts.push("the file lacks its end: what follows is what there is\n");
  parts.push("\n", tracks(summary), "\n", functions(summary));
  if (summary.longest.length > 0) {
    parts.push("\nlongest without a break\n");
    for (const { name, g, m, start, duration } of summary.longest) {
      parts.push(`  ${time(duration)}  ${name}, goroutine ${g}, on M${m}, ${time(start)} after the beginning\n`);
    }
  }
  return parts.join("");
}

function tracks({ ps, ms, duration }: Summary): string {
  const row = ([, track]: [number, Track]): string[] => [
    track.name,
    `${duration === 0 ? "0" : ((track.running / duration) * 100).toFixed(1)} %`,
    String(track.slices),
    timeOrNone(track.blocked),
    timeOrNone(track.eventLoop),
    timeOrNone(track.stopped),
  ];
  const sorted = (of: Map<number, Track>): [number, Track][] => [...of].sort(([a], [b]) => a - b);
  const headings = ["", "running", "slices", "blocking calls", "event loop", "stop the world"];
  return columns(headings, [...sorted(ps), ...sorted(ms)].map(row), [
    "left",
    "right",
    "right",
    "right",
    "right",
    "right",
  ]);
}

function functions({ functions }: Summary): string {
  const all = [...functions.values()].sort((a, b) => b.running - a.running);
  const rows = all.slice(0, FUNCTIONS_MAX).map((of) => {
    of.ready.sort((a, b) => a - b);
    return [
      of.name,
      String(of.goroutines.size),
      String(of.slices),
      time(of.running),
      time(of.longest),
      String(of.preempted),
      quantile(of.ready, 0.5),
      quantile(of.ready, 0.99),
      waits(of),
    ];
  });
  const headings = ["function", "goroutines", "slices", "ran", "longest", "preempted", "ready p50", "p99", "waited"];
  const align = headings.map((_, i) => (i === 0 || i === headings.length - 1 ? "left" : "right"));
  const more = all.length > FUNCTIONS_MAX ? `and ${all.length - FUNCTIONS_MAX} more functions\n` : "";
  return columns(headings, rows, align) + more;
}

/** What a function's goroutines waited for, the longest first. */
function waits({ waited }: FunctionSummary): string {
  return [...waited]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, us]) => `${reason} ${time(us)}`)
    .join(", ");
}

function quantile(sorted: readonly number[], q: number): string {
  return sorted.length === 0 ? "–" : time(sorted[Math.ceil(q * sorted.length) - 1] ?? 0);
}

function timeOrNone(us: number): string {
  return us === 0 ? "–" : time(us);
}

/** Microseconds for people. */
function time(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  if (us >= 1e3) return `${(us / 1e3).toFixed(2)} ms`;
  return `${us.toFixed(us >= 100 ? 0 : 1)} µs`;
}
