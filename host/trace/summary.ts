/** Reads a trace that `rt.trace` wrote, and sums up what it shows. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { SkeinError } from "../base/errors.js";
import { FOOTER, HEADER, TRACK_MS, TRACK_PS, type SliceArgs } from "./chrome.js";

/** What a trace says of itself. Times here and below are in µs. */
interface Heading {
  /** What wrote it, such as `node 20.20.2`. */
  readonly runtime: string;
  readonly procs: number;
}

/** What one P, or the thread of one M, did. */
export interface Track {
  readonly name: string;
  /** Time that goroutines ran there, and how often one began to. */
  running: number;
  slices: number;
  /** Of an M: time that its goroutines spent in blocking calls, its turns in its event loop took, and it kept the world stopped. */
  blocked: number;
  eventLoop: number;
  stopped: number;
}

/** The goroutines of one function. */
export interface FunctionSummary {
  readonly name: string;
  readonly goroutines: Set<number>;
  slices: number;
  running: number;
  /** The longest time that one ran without a break. */
  longest: number;
  preempted: number;
  /** How long they were ready to run, each time that they were. */
  readonly ready: number[];
  /** How long they waited, by reason. */
  readonly waited: Map<string, number>;
}

export interface Summary {
  readonly heading: Heading;
  /** From its beginning to its end. */
  duration: number;
  events: number;
  lost: number;
  /** The file has its end. */
  isWhole: boolean;
  /** By number. */
  readonly ps: Map<number, Track>;
  readonly ms: Map<number, Track>;
  readonly functions: Map<string, FunctionSummary>;
  /** Goroutines that await something, by number. */
  readonly awaiting: Map<number, { readonly since: number; readonly what: string }>;
  /** The longest slices of goroutines, longest first. */
  readonly longest: Slice[];
}

/** A goroutine running on an M without a break. */
interface Slice {
  readonly name: string;
  readonly g: number;
  readonly m: number;
  readonly start: number;
  readonly duration: number;
}

interface Entry {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly id?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args?: Record<string, unknown>;
}

/** How many of the longest slices are kept. */
const LONGEST = 5;

/** @throws SkeinError if the file cannot be read, or is no trace of Skein's */
export async function summarize(file: string): Promise<Summary> {
  const input = createReadStream(file, "utf8");
  const lines = createInterface({ input, crlfDelay: Infinity });
  let summary: Summary | undefined;
  let number = 0;
  let broken: number | undefined;
  try {
    for await (const line of lines) {
      number++;
      const text = line.trim().replace(/,$/, "");
      if (text === "" || text === "[" || text === "]") continue;
      if (broken !== undefined) throw new SkeinError(`${file}:${broken}: this is no entry of a trace`);
      const entry = parse(text);
      if (summary === undefined) {
        if (entry?.name !== HEADER) throw new SkeinError(`${file} is no trace that Skein wrote`);
        summary = begin(entry);
      } else if (entry === undefined) {
        broken = number; // fine where nothing follows: the file lacks its end
      } else {
        add(summary, entry);
      }
    }
  } catch (error) {
    if (error instanceof SkeinError) throw error;
    throw new SkeinError(`the trace cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    lines.close();
    input.destroy();
  }
  if (summary === undefined) throw new SkeinError(`${file} is no trace that Skein wrote: it is empty`);
  return summary;
}

function parse(text: string): Entry | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && typeof (value as Entry).name === "string"
      ? (value as Entry)
      : undefined;
  } catch {
    return undefined;
  }
}

function begin({ args = {} }: Entry): Summary {
  return {
    heading: { runtime: String(args["runtime"]), procs: Number(args["procs"]) },
    duration: 0,
    events: 0,
    lost: 0,
    isWhole: false,
    ps: new Map(),
    ms: new Map(),
    functions: new Map(),
    awaiting: new Map(),
    longest: [],
  };
}

function add(summary: Summary, entry: Entry): void {
  const { ph, name, pid, tid, id = 0, ts = 0, dur = 0, cat, args = {} } = entry;
  summary.duration = Math.max(summary.duration, ts + dur);
  if (ph === "M") {
    if (name === FOOTER) {
      summary.isWhole = true;
      summary.events = Number(args["events"]);
      summary.lost = Number(args["lost"]);
      summary.duration = Number(args["durationUs"]);
    } else if (name === "thread_name" && (pid === TRACK_PS || pid === TRACK_MS)) {
      track(summary, pid, tid, String(args["name"]));
    }
    return;
  }
  if (ph === "b") summary.awaiting.set(id, { since: ts, what: String(args["for"]) });
  if (ph === "e") {
    const awaiting = summary.awaiting.get(id);
    summary.awaiting.delete(id);
    if (awaiting !== undefined) wait(functionOf(summary, name), awaiting.what, ts - awaiting.since);
  }
  if (ph !== "X") return;
  const on = track(summary, pid, tid, String(tid));
  if (cat !== "goroutine") {
    if (name === "blocking call") on.blocked += dur;
    else if (name === "event loop") on.eventLoop += dur;
    else if (name === "stop the world") on.stopped += dur;
    return;
  }
  on.running += dur;
  on.slices++;
  if (pid !== TRACK_MS) return;
  addSlice(functionOf(summary, name), args as unknown as SliceArgs, dur);
  const { longest } = summary;
  if (longest.length === LONGEST && longest[LONGEST - 1]!.duration >= dur) return;
  const slice = { name, g: Number(args["g"]), m: tid, start: ts, duration: dur };
  const at = longest.findIndex(({ duration }) => duration < dur);
  longest.splice(at < 0 ? longest.length : at, 0, slice);
  if (longest.length > LONGEST) longest.pop();
}

function addSlice(of: FunctionSummary, args: SliceArgs, dur: number): void {
  of.goroutines.add(args.g);
  of.slices++;
  of.running += dur;
  of.longest = Math.max(of.longest, dur);
  if (args.end === "preempted") of.preempted++;
  if (args.ready !== undefined) of.ready.push(args.ready);
  if (args.waitedFor !== undefined && args.waited !== undefined) wait(of, args.waitedFor, args.waited);
}

function wait(of: FunctionSummary, reason: string, us: number): void {
  of.waited.set(reason, (of.waited.get(reason) ?? 0) + us);
}

function track(summary: Summary, pid: number, tid: number, name: string): Track {
  const tracks = pid === TRACK_PS ? summary.ps : summary.ms;
  let known = tracks.get(tid);
  if (known === undefined) {
    known = { name, running: 0, slices: 0, blocked: 0, eventLoop: 0, stopped: 0 };
    tracks.set(tid, known);
  }
  return known;
}

function functionOf(summary: Summary, name: string): FunctionSummary {
  let known = summary.functions.get(name);
  if (known === undefined) {
    known = {
      name,
      goroutines: new Set(),
      slices: 0,
      running: 0,
      longest: 0,
      preempted: 0,
      ready: [],
      waited: new Map(),
    };
    summary.functions.set(name, known);
  }
  return known;
}
