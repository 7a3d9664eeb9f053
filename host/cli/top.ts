/** `skein top`: watches a running scheduler on the terminal. */
import { rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { entries, type Entry } from "../top/directory.js";
import type { Snapshot } from "../top/snapshot.js";
import { version } from "../base/version.js";
import { columns } from "../base/columns.js";

/** Options of `skein top`, as the command line's parser leaves them. */
export interface TopOptions {
  /** Milliseconds between one look and the next. */
  readonly interval: number;
  /** Looks; without it, as many as there are before the program ends. */
  readonly count?: number;
}

const VERSION = version();

/** How long a scheduler may take to answer, in milliseconds: its thread may be busy with something else. */
const ANSWER_MS = 10_000;

/** Characters of an answer that are still one: a scheduler of ten thousand threads has fewer. */
const ANSWER_MAX = 4 * 2 ** 20;

/** Threads that are shown, those that switched most first. */
const MS_MAX = 16;

const HOW =
  "skein run lets itself be watched a moment after it has begun, and so does a program that calls start() under SKEIN_DEBUG=top=1";

/** Shows the schedulers of process `pid`; without it, of the only process that has some, or which there are. */
export async function topCommand(pid: number | undefined, { interval, count = Infinity }: TopOptions): Promise<void> {
  const wanted = entries().filter((entry) => pid === undefined || entry.pid === pid);
  const connected = await Promise.all(wanted.map((entry) => Watcher.connect(entry)));
  const watchers = connected.filter((watcher) => watcher !== undefined);
  try {
    if (watchers.length === 0) {
      const whose = pid === undefined ? "" : ` of process ${pid}`;
      throw new SkeinError(`there is no scheduler${whose} to watch: ${HOW}`);
    }
    if (new Set(watchers.map((watcher) => watcher.pid)).size > 1) return await list(watchers);
    const clear = process.stdout.isTTY ? "\x1b[H\x1b[J" : "";
    const before = new Map<Watcher, Snapshot>();
    for (let i = 0; i < count; i++) {
      if (i > 0) await delay(interval);
      const parts: string[] = [];
      for (const watcher of watchers) {
        const now = await watcher.look();
        if (now === undefined) continue;
        parts.push(frame(now, before.get(watcher)));
        before.set(watcher, now);
      }
      if (parts.length === 0) return;
      print(clear + parts.join("\n") + (clear === "" ? "\n" : ""));
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

/** Shows which schedulers there are. */
async function list(watchers: readonly Watcher[]): Promise<void> {
  const found = await Promise.all(watchers.map((watcher) => watcher.look()));
  const rows = found
    .filter((now) => now !== undefined)
    .map((now) => [String(now.pid), duration(now.uptime), String(now.stats.goroutines), now.runtime, now.title]);
  print(columns(["PID", "up", "goroutines", "on", "program"], rows, ["right", "right", "right", "left", "left"]));
  print("\nskein top PID watches one of them\n");
}

/** One look at a scheduler, as text; rates are since the look before, or since the scheduler began. */
export function frame(now: Snapshot, before?: Snapshot): string {
  const seconds = (now.uptime - (before?.uptime ?? 0)) / 1000;
  const rate = (of: number, was = 0): string => (seconds > 0 ? ((of - was) / seconds).toFixed(0) : "0");
  const percent = seconds > 0 ? (now.cpu - (before?.cpu ?? 0)) / seconds / 10 : 0;
  const counter = (name: string): string => new RegExp(`\\b${name}=(\\d+)`).exec(now.schedtrace)?.[1] ?? "?";
  const queues = /\[([\d ]*)\]/.exec(now.schedtrace)?.[1] ?? "?";
  const lines = [
    `${now.title}: process ${now.pid}, ${now.runtime}, up ${duration(now.uptime)}`,
    `${now.stats.procs} Ps, ${counter("idleprocs")} idle; ${counter("threads")} threads, ${counter("spinningthreads")} spinning, ` +
      `${counter("idlethreads")} idle; CPU ${percent.toFixed(0)} %`,
    `${now.stats.goroutines} goroutines; ready: ${counter("runqueue")} in the global queue, ${queues} on the Ps`,
    `heap ${mebibytes(now.stats.heapBytes)}, resident ${mebibytes(now.resident)}`,
    "",
  ];
  const keys = ["goroutines", "switches", "steals", "parks"] as const;
  const was = new Map(before?.stats.ms.map((m) => [m.id, m]));
  const busiest = [...now.stats.ms].sort(
    (a, b) => b.switches - (was.get(b.id)?.switches ?? 0) - (a.switches - (was.get(a.id)?.switches ?? 0)),
  );
  const shown = busiest.slice(0, MS_MAX).sort((a, b) => a.id - b.id);
  const rows = shown.map((m) => [`M${m.id}`, ...keys.map((key) => rate(m[key], was.get(m.id)?.[key]))]);
  const sum = (of: Snapshot | undefined, key: (typeof keys)[number]): number =>
    of?.stats.ms.reduce((sum, m) => sum + m[key], 0) ?? 0;
  rows.push(["all", ...keys.map((key) => rate(sum(now, key), sum(before, key)))]);
  const headings = ["", ...keys.map((key) => `${key}/s`)];
  const rest = busiest.length - shown.length;
  const more = rest > 0 ? `and ${rest} more threads, which did less\n` : "";
  return (
    lines.join("\n") +
    "\n" +
    columns(
      headings,
      rows,
      headings.map((_, i) => (i === 0 ? "left" : "right")),
    ) +
    more
  );
}

/** A connection to a scheduler. */
class Watcher {
  readonly pid: number;
  private readonly socket: Socket;
  private text = "";
  private isOver = false;
  private told: () => void = () => undefined;

  private constructor(pid: number, socket: Socket) {
    this.pid = pid;
    this.socket = socket;
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.text += text;
      this.told();
    });
    socket.on("error", () => undefined); // which ends it
    socket.on("close", () => {
      this.isOver = true;
      this.told();
    });
  }

  /** Connects; undefined, and its socket is removed, if the process has died. */
  static connect({ pid, file }: Entry): Promise<Watcher | undefined> {
    return new Promise((resolve, reject) => {
      const socket = connect(file);
      const failed = (error: NodeJS.ErrnoException): void => {
        if (error.code === "ECONNREFUSED") rmSync(file, { force: true });
        if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(undefined);
        else reject(new SkeinError(`${file}: ${error.message}`));
      };
      socket.once("error", failed).once("connect", () => {
        const watcher = new Watcher(pid, socket);
        socket.off("error", failed);
        resolve(watcher);
      });
    });
  }

  /** The scheduler now; undefined if it has ended. */
  async look(): Promise<Snapshot | undefined> {
    const late = setTimeout(() => this.told(), ANSWER_MS);
    const until = performance.now() + ANSWER_MS - 1;
    try {
      if (!this.isOver) this.socket.write("\n");
      for (;;) {
        const end = this.text.indexOf("\n");
        if (end !== -1) {
          const line = this.text.slice(0, end);
          this.text = this.text.slice(end + 1);
          return this.read(line);
        }
        if (this.isOver) return undefined;
        if (this.text.length > ANSWER_MAX) throw this.unknown("an answer without an end");
        if (performance.now() >= until)
          throw new SkeinError(
            `process ${this.pid} does not answer: its main thread has been busy for ${ANSWER_MS} ms`,
          );
        await new Promise<void>((resolve) => (this.told = resolve));
      }
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private read(line: string): Snapshot {
    let now: Snapshot;
    try {
      now = JSON.parse(line) as Snapshot;
    } catch {
      throw this.unknown("something else than a snapshot");
    }
    if (now?.skein !== VERSION)
      throw this.unknown(`a snapshot of version ${String(now?.skein)}, and this is ${VERSION}`);
    // What it is called is not ours; it shall not control the terminal.
    return { ...now, title: printable(now.title), runtime: printable(now.runtime) };
  }

  private unknown(what: string): SkeinError {
    return new SkeinError(`process ${this.pid} has sent ${what}: use the skein that it runs with`);
  }
}

function printable(text: unknown): string {
  return stripVTControlCharacters(String(text)).replace(/\p{Cc}/gu, "?");
}

function print(text: string): void {
  writeFully(1, Buffer.from(text));
}

/** Milliseconds for people. */
function duration(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  return s < 60
    ? `${s} s`
    : `${s < 3600 ? "" : `${Math.floor(s / 3600)}:`}${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
