/**
 * Who started a goroutine, for the stack of its error.
 *
 * To take a stack costs more than all else about a start. So only TRACES may be taken at once, and another each TRACE_MS; goroutines
 * without one show where their function was started last when one was taken.
 */
import { stackOf } from "../base/thrown.js";
import type { SharedFunction } from "./functions.js";
import type { Started } from "./goroutine.js";

const TRACES = 16;
/** In milliseconds. */
const TRACE_MS = 5;

export class Callers {
  private traces = TRACES;
  private since = 0;

  /** Time has gone by, until `now`. */
  newTurn(now: number): void {
    const more = Math.floor((now - this.since) / TRACE_MS);
    if (more === 0) return;
    this.traces = Math.min(TRACES, this.traces + more);
    this.since = now;
  }

  /** Notes who starts `g`, which runs `shared`. */
  note(g: Started, shared: SharedFunction): void {
    if (this.traces > 0) {
      this.traces--;
      g.startedAt = shared.startedAt = stackHere();
      g.hasOwnStack = true;
    } else {
      g.startedAt = shared.startedAt;
    }
  }
}

/** An object with this thread's stack, which is put into words only if somebody looks. */
function stackHere(): { stack?: string } {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace);
  return trace;
}

/** Lines of a stack that are Skein's own. */
const OWN = /\/(?:go\/(?:callers|starter|thread|tasks)|runtime)\.js:/;

/** Where they are bundled. */
const BUNDLE = new URL("../library/", import.meta.url).pathname;

/** Adds to an error's stack who started the goroutine. */
export function withCaller(error: unknown, g: Started, mid: number): unknown {
  const own = error instanceof Error ? stackOf(error) : undefined;
  if (own === undefined) return error;
  const frames = (stackOf(g.startedAt) ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !OWN.test(line) && !line.includes(BUNDLE));
  const how = g.hasOwnStack ? "started" : "started, as this function was lately,";
  const stack = [own, `    at goroutine ${g.id} (${g.name}) on M${mid}, ${how}`, ...frames].join("\n");
  try {
    Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error keeps the stack that it has.
  }
  return error;
}
