/** What a scheduler tells `skein top` about itself. */
import process from "node:process";
import type { RuntimeStats } from "./stats.js";
import { runtimeName, version } from "../base/version.js";

/** A scheduler at one moment, as a line of JSON. */
export interface Snapshot {
  /** The version of Skein, which decides what the rest means. */
  readonly skein: string;
  readonly pid: number;
  /** What runs: a program's file, or the script that has started the scheduler. */
  readonly title: string;
  /** The JavaScript runtime: `node 20.20.2`. */
  readonly runtime: string;
  /** Milliseconds since the scheduler was started. */
  readonly uptime: number;
  /** Milliseconds of processor time that the process has taken since then. */
  readonly cpu: number;
  /** Bytes of memory that are the process's. */
  readonly resident: number;
  /** The scheduler in Go's format. */
  readonly schedtrace: string;
  readonly stats: RuntimeStats;
}

/** What of a snapshot is the scheduler's own. */
export type Watched = () => Pick<Snapshot, "schedtrace" | "stats">;

/** When a scheduler was started, and what the process had taken until then. */
interface Begin {
  /** In `performance.now()`. */
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
}

/** What does not change from one snapshot to the next; the version is read from a file. */
const PROCESS = { skein: version(), pid: process.pid, runtime: runtimeName() };

/** A snapshot of a scheduler. */
export function snapshot(title: string, begin: Begin, watched: Watched): Snapshot {
  const { user, system } = process.cpuUsage(begin.cpu);
  return {
    ...PROCESS,
    title,
    uptime: performance.now() - begin.at,
    cpu: (user + system) / 1000,
    resident: process.memoryUsage.rss(),
    ...watched(),
  };
}
