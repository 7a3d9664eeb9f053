/**
 * Tracing: what the scheduler does, as events, for `rt.trace` and `skein run --trace`.
 *
 * While nothing is traced `M.trace` is 0, and a place in the scheduler that could tell of something costs a load and a branch
 * (`isTraced`). Otherwise it is the M's ring: a queue with one producer, the M's thread, and one consumer, the main thread
 * (Lamport, "Specifying Concurrent Program Modules", 1983). Neither waits for the other: what finds no room is counted,
 * and the next event that finds room is preceded by one that tells how many are missing.
 *
 * Invariants, with unsigned numbers that wrap: `written - read` events, at most `capacity`, lie in the ring, from `read % capacity`
 * on. Only the producer changes `written`, `lost` and the slots that are not among these; only the consumer changes `read`.
 * - The producer fills a slot with plain stores and then stores `written` atomically; the consumer loads `written` atomically
 *   and then reads the slots before it. So it sees them filled.
 * - The consumer reads slots and then stores `read` atomically; the producer loads `read` atomically before it fills slots that
 *   lie beyond what it knew to be free. So it does not overwrite what is still to be read.
 *
 * An M gets its ring from the main thread, or takes one itself if it begins while events are traced; `sched.lock` settles who does. To
 * end that the main thread sets `M.trace` to 0 and waits while `M.tracing` is 1; the M sets `tracing`, then looks at `trace` again. Both are
 * atomic: either the M sees that its ring is gone, or the main thread sees that the M is using it, and waits. Then it
 * reads the rest and frees the rings. A thread is only ever killed while it runs JavaScript, so never while it is `tracing`; one that died
 * there all the same would keep the main thread waiting for a second, and its ring for ever.
 */
import { MAX_THREADS, TRACE_END } from "../../layout";
import { nanotime } from "../base/clock";
import { isJsgo } from "../js/jsgo";
import { lock, unlock } from "../base/lock";
import { malloc, mfree } from "../memory/malloc";
import { g, m, phase } from "../base/registers";
import { UNWINDING } from "../goroutine/stack";
import {
  G,
  M,
  StopReason,
  Switch,
  TraceFunction,
  TraceKind,
  allm,
  sched,
  addressOf,
  JsGo,
  Ring,
  TraceRecord,
} from "../../abi";

// ---- telling ---------------------------------------------------------------------------------------------------------

/** Whether what this M does is traced. */
@inline
export function isTraced(): bool {
  return m.trace != 0;
}

/** Tells of something that the current goroutine, or none, does. */
export function trace(kind: i32, reason: i32, arg: i64): void {
  traceOf(current(), kind, reason, arg, 0);
}

/** A goroutine was started, by the current one or by the host; before it is visible to others. */
export function traceCreate(gp: G): void {
  traceFunction(current(), TraceKind.Create, gp.id, gp);
}

/** A goroutine begins to run, or goes on. */
export function traceRun(gp: G): void {
  traceFunction(gp.id, TraceKind.Run, 0, gp);
}

/** A goroutine was made runnable; before it is visible to others. */
export function traceReady(gp: G): void {
  trace(TraceKind.Ready, 0, gp.id);
}

/** A goroutine does not run any more, and what it has asked for is still to be done: nobody else can have it yet. */
export function traceStop(gp: G): void {
  const mp = m;
  let reason = StopReason.End;
  if (phase == UNWINDING && !gp.exiting) {
    const to = mp.switchTo;
    if (to == Switch.Call) return; // to the trace it runs on, in a blocking call (`traceCalled`)
    if (to == Switch.Yield) reason = StopReason.Yield;
    else if (to == Switch.Global) reason = mp.p ? StopReason.Preempt : StopReason.NoP;
    else reason = StopReason.Wait;
  } else if (gp.detached) {
    reason = StopReason.Wait;
  }
  traceOf(gp.id, TraceKind.Stop, reason, reason == StopReason.Wait ? gp.waitReason : 0, 0);
}

/** A goroutine that was unwound for a call of the host's is queued again. */
export function traceCalled(gp: G): void {
  traceOf(gp.id, TraceKind.Stop, m.p ? StopReason.Preempt : StopReason.NoP, 0, 0);
}

/** The number of the current goroutine, 0 if there is none. */
@inline
function current(): i64 {
  return changetype<usize>(g) == 0 ? 0 : g.id;
}

function traceFunction(goid: i64, kind: i32, arg: i64, gp: G): void {
  if (isJsgo(gp)) traceOf(goid, kind, TraceFunction.Js, arg, <i32>changetype<usize>(changetype<JsGo>(gp.task).fn));
  else traceOf(goid, kind, TraceFunction.Wasm, arg, gp.entry);
}

function traceOf(goid: i64, kind: i32, reason: i32, arg: i64, extra: i32): void {
  const mp = m;
  atomic.store<u32>(addressOf(mp.tracing), 1);
  const ring = atomic.load<usize>(addressOf(mp.trace));
  if (ring != 0) {
    const pp = mp.p;
    put(ring, goid, kind, reason, arg, pp ? pp.id : -1, extra);
  }
  atomic.store<u32>(addressOf(mp.tracing), 0);
}

function put(at: usize, goid: i64, kind: i32, reason: i32, arg: i64, pid: i32, extra: i32): void {
  const ring = changetype<Ring>(at);
  let written = ring.written;
  const wanted: u32 = ring.missing != 0 ? 2 : 1;
  if (written + wanted - ring.seenRead > ring.capacity) {
    ring.seenRead = atomic.load<u32>(at + offsetof<Ring>("read"));
    if (written + wanted - ring.seenRead > ring.capacity) {
      ring.missing++;
      return;
    }
  }
  const now = nanotime();
  if (ring.missing != 0) {
    fill(slot(at, ring, written), now, 0, TraceKind.Lost, 0, ring.missing, -1, 0);
    ring.missing = 0;
    written++;
  }
  fill(slot(at, ring, written), now, goid, kind, reason, arg, pid, extra);
  atomic.store<u32>(at + offsetof<Ring>("written"), written + 1);
}


@inline
function slot(at: usize, ring: Ring, index: u32): usize {
  return at + offsetof<Ring>() + (index & (ring.capacity - 1)) * offsetof<TraceRecord>();
}


@inline
function fill(at: usize, now: i64, goid: i64, kind: i32, reason: i32, arg: i64, pid: i32, extra: i32): void {
  const event = changetype<TraceRecord>(at);
  event.time = now;
  event.goid = goid;
  event.arg = arg;
  event.kind = <u8>kind;
  event.reason = <u8>reason;
  event.p = <i16>pid;
  event.extra = extra;
}

// ---- beginning and ending --------------------------------------------------------------------------------------------

/** Begins to trace, with rings of `capacity` events, a power of two. On the main thread, which then reads them. */
@host
export function beginTrace(capacity: i32): void {
  setCapacity(capacity);
  const mcount = atomic.load<i32>(addressOf(sched.mcount));
  for (let i = mcount + OTHERS; i >= 0; i--) attachTrace(traced(i, mcount));
}

/** Gives an M its ring, if events are traced. By the main thread, or by the M when its thread begins. */
export function attachTrace(mp: M): void {
  const capacity = atomic.load<i32>(addressOf(sched.traceCapacity));
  if (capacity == 0 || mp.traceRing != 0) return;
  const at = malloc(offsetof<Ring>() + capacity * offsetof<TraceRecord>());
  memory.fill(at, 0, offsetof<Ring>());
  changetype<Ring>(at).capacity = capacity;
  lock(addressOf(sched.lock));
  const isWanted = sched.traceCapacity == capacity && mp.traceRing == 0;
  if (isWanted) {
    atomic.store<usize>(addressOf(mp.traceRing), at);
    atomic.store<usize>(addressOf(mp.trace), at);
  }
  unlock(addressOf(sched.lock));
  if (!isWanted) mfree(at);
}

/**
 * Ends it: once this returns no M tells of anything, and the rings hold what is still to be read. But for an M whose thread has not come to
 * the end of an event in time: it does not run any more, or writes into a ring that is never freed.
 */
@host
export function endTrace(): void {
  setCapacity(0);
  const until = nanotime() + TRACE_END;
  const mcount = atomic.load<i32>(addressOf(sched.mcount));
  for (let i = mcount + OTHERS; i >= 0; i--) {
    const mp = traced(i, mcount);
    atomic.store<usize>(addressOf(mp.trace), 0);
    hasTold(mp, until);
  }
}

/** Frees the rings, after that. */
@host
export function freeTrace(): void {
  const until = nanotime() + TRACE_END;
  const mcount = atomic.load<i32>(addressOf(sched.mcount));
  for (let i = mcount + OTHERS; i >= 0; i--) {
    const mp = traced(i, mcount);
    const ring = mp.traceRing;
    if (ring == 0) continue;
    atomic.store<usize>(addressOf(mp.traceRing), 0);
    if (hasTold(mp, until)) mfree(ring);
  }
}

/** Waits until an M is not in the middle of an event, but not past `until`; whether it is not. */
function hasTold(mp: M, until: i64): bool {
  while (atomic.load<u32>(addressOf(mp.tracing)) != 0) if (nanotime() >= until) return false;
  return true;
}

function setCapacity(capacity: i32): void {
  lock(addressOf(sched.lock));
  atomic.store<i32>(addressOf(sched.traceCapacity), capacity);
  unlock(addressOf(sched.lock));
}

/** Threads beside M0 and the `mcount` Ms of the program that can have something to tell: sysmon and the I/O thread. */
const OTHERS: i32 = 2;

/** All that can, from 0 on: M0, the program's Ms, and the others, which have the last numbers. */
function traced(i: i32, mcount: i32): M {
  return allm(i <= mcount ? i : MAX_THREADS - (i - mcount));
}
