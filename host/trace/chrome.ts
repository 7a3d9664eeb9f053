/**
 * From events of the scheduler to the Trace Event Format of Chrome, which chrome://tracing and Perfetto show: one entry a line, in an
 * array, so that a file is of use even without its end.
 *
 * Process 1 has a track for each P with the goroutines that it ran, as Go's `go tool trace` shows them; process 2 one for each
 * M with the goroutines that its thread ran, with or without a P, its turns in its event loop, and how long it kept the world stopped.
 * Process 0 has a chart of goroutines by state, and as asynchronous slices what JavaScript goroutines await.
 * Source of the format: "Trace Event Format", the Chromium project.
 */
import { IO_M, SYSMON_M } from "../../assembly/layout.js";
import { StopReason, TraceFunction, TraceKind } from "../abi/enums.js";
import type { Names } from "./names.js";
import type { TraceEvent } from "./rings.js";

/** The processes of a trace. */
const TRACK_ALL = 0;
export const TRACK_PS = 1;
export const TRACK_MS = 2;

/** The name of the first entry, whose arguments say what made the file, and of the last, which says whether it is whole. */
export const HEADER = "skein";
export const FOOTER = "skein_end";

/** Why a goroutine has stopped running, as a trace says it; a wait is called by its reason. */
const STOPS: Readonly<Record<number, string>> = {
  [StopReason.End]: "end",
  [StopReason.Yield]: "yield",
  [StopReason.Preempt]: "preempted",
  [StopReason.NoP]: "no P after a blocking call",
  [StopReason.Lost]: "its thread died",
};

/** What a slice of a goroutine on an M says of it. */
export interface SliceArgs {
  /** Its number. */
  readonly g: number;
  /** The P it began to run on; missing where that is not known. */
  readonly p?: number;
  /** Why it stopped. */
  readonly end?: string;
  /** The goroutine that started it, 0 for the host; on its first slice. */
  readonly createdBy?: number;
  /** What it had waited for, and how long, in µs. */
  readonly waitedFor?: string;
  readonly waited?: number;
  /** The goroutine that woke it, 0 for the runtime. */
  readonly wokenBy?: number;
  /** How long it was ready to run before it did, in µs. */
  readonly ready?: number;
}

type State = "running" | "runnable" | "waiting";

/** What is known of a goroutine. */
interface Known {
  name: string | undefined;
  state: State;
  /** When it came into that state. */
  since: number;
  createdBy: number | undefined;
  /** Its latest wait. */
  waitedFor: string | undefined;
  waited: number;
  wokenBy: number | undefined;
  /** What it awaits outside of the scheduler. */
  isAwaiting: boolean;
}

/** The goroutine that runs on an M. */
interface Running {
  readonly g: number;
  readonly name: string;
  /** Its function is JavaScript: then all of it is a blocking call to the scheduler. */
  readonly isJs: boolean;
  readonly start: number;
  readonly args: SliceArgs;
}

/** What is open on the track of an M. */
interface OnM {
  running: Running | undefined;
  block: number | undefined;
  host: number | undefined;
  stopped: number | undefined;
}

const NOTHING: OnM = { running: undefined, block: undefined, host: undefined, stopped: undefined };

/** What runs on a P. */
interface OnP {
  readonly m: number;
  readonly g: number;
  readonly name: string;
  readonly start: number;
}

/** How often the chart of goroutines has a value at most, in ns. */
const CHART_STEP = 1_000_000;

export class ChromeTrace {
  private readonly write: (line: string) => void;
  private readonly names: Names;
  private readonly start: number;
  private readonly goroutines = new Map<number, Known>();
  private readonly ms = new Map<number, OnM>();
  private readonly ps = new Map<number, OnP | undefined>();
  private readonly counts: Record<State, number> = { running: 0, runnable: 0, waiting: 0 };
  private charted = 0;
  private isFirst = true;
  private events = 0;
  private lost = 0;

  /** `write` gets the pieces of the file; times count from `start`, by the program's clock. */
  constructor(write: (line: string) => void, names: Names, start: number, header: Record<string, unknown>) {
    this.write = write;
    this.names = names;
    this.start = start;
    this.entry({ ph: "M", name: HEADER, pid: TRACK_ALL, tid: 0, args: header });
    this.nameTrack(TRACK_ALL, 0, "process_name", "Goroutines");
    this.nameTrack(TRACK_PS, 0, "process_name", "Ps");
    this.nameTrack(TRACK_MS, 0, "process_name", "Ms (threads)");
  }

  /** Events that there was no room for, so far. */
  get lostEvents(): number {
    return this.lost;
  }

  /** Events so far. */
  get allEvents(): number {
    return this.events;
  }

  /** Adds events, which come in order of time. */
  add(events: readonly TraceEvent[]): void {
    for (const event of events) this.one(event);
  }

  /** Closes what is open, as of `now`, and the file. */
  finish(now: number): void {
    for (const [p] of this.ps) this.leaveP(p, now);
    for (const [m, on] of this.ms) {
      this.stop(m, on, now, undefined);
      this.unhost(m, on, now);
      this.unstop(m, on, now);
    }
    for (const [g, known] of this.goroutines) this.awaited(g, known, now);
    this.chart(now);
    const args = { events: this.events, lost: this.lost, durationUs: this.us(now) };
    this.entry({ ph: "M", name: FOOTER, pid: TRACK_ALL, tid: 0, args });
    this.write("\n]\n");
  }

  private one(event: TraceEvent): void {
    const { time, m, kind, g, arg } = event;
    if (kind === TraceKind.Lost) {
      this.lose(event);
      return;
    }
    this.events++;
    const on = this.onM(m);
    switch (kind) {
      case TraceKind.Create: {
        const known = this.know(arg, time);
        known.name = this.names.functionName(event.reason, event.extra);
        known.createdBy = g;
        this.become(known, "runnable", time);
        break;
      }
      case TraceKind.Ready: {
        const known = this.know(arg, time);
        if (known.state === "waiting") known.waited = time - known.since;
        known.wokenBy = g;
        this.awaited(arg, known, time);
        this.become(known, "runnable", time);
        break;
      }
      case TraceKind.Run:
        this.run(event, on);
        break;
      case TraceKind.Stop:
        this.stopped(event, on);
        break;
      case TraceKind.End:
        this.ended(event);
        break;
      case TraceKind.TakeP:
        if (on.running !== undefined) this.enterP(arg, { m, g: on.running.g, name: on.running.name, start: time });
        break;
      case TraceKind.GiveP:
      case TraceKind.LoseP:
        this.leaveP(arg, time);
        break;
      case TraceKind.Block:
        if (on.running?.isJs === false) on.block = time;
        break;
      case TraceKind.Unblock:
        this.unblock(m, on, time);
        break;
      case TraceKind.Host:
        on.host ??= time;
        break;
      case TraceKind.Unhost:
        this.unhost(m, on, time);
        break;
      case TraceKind.Stw:
        on.stopped = time;
        break;
      case TraceKind.Unstw:
        this.unstop(m, on, time);
        break;
    }
    if (time - this.charted >= CHART_STEP) this.chart(time);
  }

  /** Nothing is known of what this M did just now, so neither of when that ended which it was doing before. */
  private lose({ time, m, arg }: TraceEvent): void {
    this.lost += arg;
    this.ms.set(m, { ...NOTHING });
    for (const [p, on] of this.ps) if (on?.m === m) this.ps.set(p, undefined);
    this.entry({ ph: "i", name: `${arg} events lost`, s: "t", pid: TRACK_MS, tid: m, ts: this.us(time) });
  }

  // ---- goroutines ----------------------------------------------------------------------------------------------------

  private run(event: TraceEvent, on: OnM): void {
    const { time, m, g, p } = event;
    this.stop(m, on, time, undefined);
    this.unhost(m, on, time);
    const known = this.know(g, time);
    const name = (known.name ??= this.names.functionName(event.reason, event.extra));
    const args: SliceArgs = {
      g,
      ...(p >= 0 && { p }),
      ...(known.createdBy !== undefined && { createdBy: known.createdBy }),
      ...(known.waitedFor !== undefined && { waitedFor: known.waitedFor, waited: microseconds(known.waited) }),
      ...(known.wokenBy !== undefined && { wokenBy: known.wokenBy }),
      ...(known.state === "runnable" && known.since < time && { ready: microseconds(time - known.since) }),
    };
    known.createdBy = known.wokenBy = known.waitedFor = undefined;
    this.become(known, "running", time);
    on.running = { g, name, isJs: event.reason === TraceFunction.Js, start: time, args };
    if (p >= 0) this.enterP(p, { m, g, name, start: time });
  }

  private stopped({ time, m, g, p, reason, arg }: TraceEvent, on: OnM): void {
    const isWait = reason === StopReason.Wait;
    const end = isWait ? this.names.waitReason(arg) : (STOPS[reason] ?? "?");
    if (on.running?.g === g) this.stop(m, on, time, end);
    if (p >= 0) this.leaveP(p, time);
    if (reason === StopReason.End) {
      this.forget(g);
      return;
    }
    const known = this.know(g, time);
    this.become(known, isWait ? "waiting" : "runnable", time);
    if (!isWait) return;
    if (end !== "await" && end !== "import") {
      known.waitedFor = end;
      return;
    }
    known.isAwaiting = true;
    this.await("b", g, known, time, { for: end });
  }

  /** A goroutine that awaited has ended, or one whose thread has died. */
  private ended({ time, arg: g }: TraceEvent): void {
    const known = this.goroutines.get(g);
    if (known !== undefined) this.awaited(g, known, time);
    for (const [m, on] of this.ms) {
      if (on.running?.g === g) this.stop(m, on, time, STOPS[StopReason.Lost]);
    }
    this.forget(g);
  }

  private awaited(g: number, known: Known, time: number): void {
    if (!known.isAwaiting) return;
    known.isAwaiting = false;
    this.await("e", g, known, time);
  }

  /** What a goroutine awaits begins or ends: its module, or a promise. */
  private await(ph: "b" | "e", g: number, { name = "?" }: Known, time: number, args?: Record<string, unknown>): void {
    this.entry({ ph, cat: "await", name, id: g, pid: TRACK_ALL, tid: 0, ts: this.us(time), ...(args && { args }) });
  }

  private know(g: number, time: number): Known {
    let known = this.goroutines.get(g);
    if (known === undefined) {
      known = {
        name: undefined,
        state: "waiting",
        since: time,
        createdBy: undefined,
        waitedFor: undefined,
        waited: 0,
        wokenBy: undefined,
        isAwaiting: false,
      };
      this.goroutines.set(g, known);
      this.counts.waiting++;
    }
    return known;
  }

  private forget(g: number): void {
    const known = this.goroutines.get(g);
    if (known === undefined) return;
    this.counts[known.state]--;
    this.goroutines.delete(g);
  }

  private become(known: Known, state: State, time: number): void {
    this.counts[known.state]--;
    this.counts[state]++;
    known.state = state;
    known.since = time;
  }

  private chart(time: number): void {
    this.charted = time;
    this.entry({ ph: "C", name: "goroutines", pid: TRACK_ALL, tid: 0, ts: this.us(time), args: { ...this.counts } });
  }

  // ---- tracks --------------------------------------------------------------------------------------------------------

  private onM(m: number): OnM {
    let on = this.ms.get(m);
    if (on === undefined) {
      on = { ...NOTHING };
      this.ms.set(m, on);
      const name = m === SYSMON_M ? "sysmon" : m === IO_M ? "I/O" : m === 0 ? "M0 (main thread)" : `M${m}`;
      this.nameTrack(TRACK_MS, m, "thread_name", name);
    }
    return on;
  }

  /** The goroutine that runs on an M does so no more. */
  private stop(m: number, on: OnM, time: number, end: string | undefined): void {
    const { running } = on;
    if (running === undefined) return;
    this.unblock(m, on, time);
    on.running = undefined;
    const args = end === undefined ? running.args : { ...running.args, end };
    this.slice(TRACK_MS, m, running.name, "goroutine", running.start, time, args);
  }

  private unblock(m: number, on: OnM, time: number): void {
    if (on.block === undefined) return;
    this.slice(TRACK_MS, m, "blocking call", "runtime", on.block, time, { g: on.running?.g });
    on.block = undefined;
  }

  private unhost(m: number, on: OnM, time: number): void {
    if (on.host === undefined) return;
    this.slice(TRACK_MS, m, "event loop", "runtime", on.host, time);
    on.host = undefined;
  }

  private unstop(m: number, on: OnM, time: number): void {
    if (on.stopped === undefined) return;
    this.slice(TRACK_MS, m, "stop the world", "runtime", on.stopped, time);
    on.stopped = undefined;
  }

  private enterP(p: number, on: OnP): void {
    if (!this.ps.has(p)) this.nameTrack(TRACK_PS, p, "thread_name", `P${p}`);
    this.leaveP(p, on.start);
    this.ps.set(p, on);
  }

  private leaveP(p: number, time: number): void {
    const on = this.ps.get(p);
    if (on === undefined) return;
    this.ps.set(p, undefined);
    this.slice(TRACK_PS, p, on.name, "goroutine", on.start, time, { g: on.g, m: on.m });
  }

  // ---- entries -------------------------------------------------------------------------------------------------------

  private slice(
    pid: number,
    tid: number,
    name: string,
    cat: string,
    start: number,
    end: number,
    args?: SliceArgs | Record<string, unknown>,
  ): void {
    const dur = microseconds(Math.max(0, end - start));
    this.entry({ ph: "X", cat, name, pid, tid, ts: this.us(start), dur, ...(args && { args }) });
  }

  private nameTrack(pid: number, tid: number, what: string, name: string): void {
    this.entry({ ph: "M", name: what, pid, tid, args: { name } });
  }

  private us(time: number): number {
    return microseconds(time - this.start);
  }

  private entry(entry: Record<string, unknown>): void {
    this.write((this.isFirst ? "[\n" : ",\n") + JSON.stringify(entry));
    this.isFirst = false;
  }
}

/** Nanoseconds as the format has them, in µs. */
function microseconds(ns: number): number {
  return Math.round(ns) / 1000;
}
