/**
 * The collector: it frees objects that no goroutine, module variable, timer or object of JavaScript reaches any more. Mark and sweep, not
 * moving; marking with the world stopped, sweeping while it goes on. After Go's mgc.go, from before it was concurrent.
 *
 * A parked goroutine is bytes in shared memory, and a running one becomes that at its next safepoint. So once all have been switched
 * out every reference that the program holds lies where it can be read: no stack maps, no scanning of native stacks.
 *
 * A cycle
 * 1. *Request.* Who allocates finds that the goal is reached (`objects.ts`), or somebody calls `gc()`: `Attention.Gc` is set. The next
 *    M that schedules takes the request, and the right to stop the world. It sweeps what is left of the cycle before.
 * 2. *Stop.* All goroutines are switched out (`world.ts`), and nobody is inside the gate (`base/gate.ts`). The caches of the Ps are flushed: from
 *    here on it is exactly known which cells are in use.
 * 3. *Mark* from the roots (`roots.ts`, `mark.ts`). Then weak references are cleared, and it is seen which cleanups and sockets are
 *    due (`weak.ts`).
 * 4. *Hand over to sweeping.* All spans go into the lists of those that are not swept, and the world goes on.
 * 5. *Sweep* (`sweep.ts`): who needs a span sweeps one; a goroutine of the runtime's sweeps the rest, some at a time.
 *
 * Why nothing reachable is freed. Let an object be freed by the sweep after a mark M, and be used after that by some thread T. T had its
 * address from a place that existed at M, or from an object, allocated since, into which somebody put it who had it, and so on back to a
 * place that existed at M: a word in some thread's native frame, or in memory. There were no native frames with references at M
 * (`roots.ts` says for each kind of thread why). Nobody but the collector wrote to memory that holds references during M, so what M
 * read is one snapshot. Each place in memory that holds a reference is in an object, or is a root. If it is a root, M marked the object. If it is
 * in an object that M marked, the visitor of its class marked the object too. If it is in one that M did not mark, T must have come to that
 * one the same way: by induction over the length of the way, that one was freed as well, and some object on the way was in a
 * root. What is allocated after M lies in cells that the sweep found unmarked, or in spans that were not there at M; a span is swept before
 * anything is allocated in it, so its mark bits are from M alone.
 *
 * Why the world stops. A goroutine passes a safepoint in each loop and recursion; a loop that calls what allocates does so on each turn.
 * With `--no-preempt` there are none, and a collection waits until all running goroutines have parked or ended.
 *
 * Pacing. As in Go the next collection is due when the heap has grown by GOGC percent over what the last one found, at least 4 MiB by
 * GOGC / 100. The soft limit brings that forward: the pages in use, less those of objects, and the goal are not to exceed it. So does the
 * hard limit, for a function that is not at a safepoint cannot wait for a collection when memory runs out.
 *
 * On g0, with a P.
 */
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { nap, plock, punlock } from "../base/lock";
import { writeError } from "../debug/dump";
import { goready, startHosted } from "../goroutine/proc";
import { startTheWorld, stopTheWorld, tryWorld } from "../sched/world";
import { addressOf, allp, Attention, CLASS_COUNT, G, ProgramState, sched, gc } from "../../abi";
import { closeGate, openGate } from "../base/gate";
import { awaitUsers } from "../memory/users";
import { checkMarks, clearStaticMarks, drainMarks } from "../memory/mark";
import { flushObjects, flushOrphanObjects } from "../memory/objects";
import { endPage, firstPage, PAGE_BITS, SPAN_CLASS, SPAN_OBJECT, SPAN_SMALL, spanEntry } from "../memory/pages";
import { markRoots } from "./roots";
import { objectCentral, spanAt } from "../memory/state";
import { sweepAll } from "../memory/sweep";
import { clearUnreachable, startCleanups } from "./weak";
import { sweepgo } from "../goroutine/memory";

/** The smallest heap that GOGC=100 collects; Go's value. */
const HEAP_MIN: i64 = 4 << 20;
/** However near the limit is, a collection is due only when the heap has grown by so much. */
const GROWTH_MIN: i64 = 1 << 20;
/** A soft limit from which on there is none: the largest integer that JavaScript knows. */
const NO_LIMIT: f64 = 9007199254740991;
/** How long to wait before looking again whether others have swept, in ns. */
const LOOK_AGAIN: i64 = 20_000;

/** Settings: GOGC (negative for off), the soft limit in bytes, SKEIN_DEBUG's gctrace and gcstress. On M0, before anything runs. */
export function initGc(percent: i32, limit: f64, trace: i32, stress: i32): void {
  gc.percent = percent;
  gc.limit = limit < NO_LIMIT ? <i64>limit : i64.MAX_VALUE;
  gc.trace = trace;
  gc.stress = stress;
  setGoal();
}

/** When the next collection is due, from the settings and what the last one found. */
export function setGoal(): void {
  const marked = gc.marked;
  let goal = i64.MAX_VALUE;
  if (gc.percent >= 0) {
    const least = (HEAP_MIN * gc.percent) / 100;
    goal = max(least, marked + (marked * gc.percent) / 100);
  }
  // With GOGC=off and no soft limit there are none but those that are asked for.
  if (gc.percent >= 0 || gc.limit != i64.MAX_VALUE) {
    const limit = min(gc.limit, (<i64>sched.maxPages) << PAGE_BITS);
    const others = max<i64>(((<i64>sched.heapPages) << PAGE_BITS) - gc.heapAlloc, 0);
    // What is not objects, and a sixteenth for what the Ps' caches and half empty spans take.
    goal = min(goal, max(limit - others - (limit >> 4), marked + GROWTH_MIN));
  }
  gc.goal = goal;
  gc.trigger = goal;
}

/** An M has seen that a collection is wanted. False if the program is over. */
export function collect(): bool {
  if (!tryWorld()) {
    // Who stops the world now goes on in a moment.
    nap(LOOK_AGAIN);
    return true;
  }
  atomic.and<i32>(addressOf(sched.attention), ~Attention.Gc);
  if (gc.waiting == 0 && gc.stress == 0 && atomic.load<i64>(addressOf(gc.heapLive)) < gc.trigger) {
    // Another M has just done it.
    atomic.store<i32>(addressOf(sched.worldBusy), 0);
    return true;
  }
  const begin = nanotime();
  sweepAll();
  const swept = nanotime();
  if (!stopTheWorld()) return false;
  closeGate();
  if (!awaitUsers()) return false;
  const stopped = nanotime();
  const before = gc.heapLive;
  const waiting = takeWaiting();
  const closing = mark();
  const marked = nanotime();
  openGate();
  startTheWorld(sched.nprocs);
  const end = nanotime();
  gc.cycles++;
  gc.pauseTotal += end - swept;
  gc.pauseMax = max(gc.pauseMax, end - swept);
  gc.busy += marked - stopped + (swept - begin);
  startCleanups(closing);
  if (waiting) {
    finishSweep();
    release(waiting);
  } else {
    startHosted(sweepgo.index, 0);
  }
  if (gc.trace != 0) traceCycle(begin, swept, stopped, marked, end, before);
  return true;
}

/** Everything between the stop and the start. Returns the sockets to close. */
function mark(): usize {
  for (let i = 0; i < sched.nprocs; i++) flushObjects(allp(i));
  flushOrphanObjects();
  sweepAll(); // what threads without a P have left
  if (CHECKED) check(gc.sweeping == 0, "no mark begins before all is swept");
  gc.found = 0;
  markRoots();
  drainMarks();
  const closing = clearUnreachable();
  checkMarks();
  clearStaticMarks();
  prepareSweep();
  gc.marked = gc.found;
  gc.heapLive = gc.found;
  setGoal();
  return closing;
}

/** Puts all spans of objects into the lists of those that are to be swept. */
function prepareSweep(): void {
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) objectCentral(sizeClass).partial = 0;
  const end = endPage();
  for (let page = firstPage(); page < end; page++) {
    const entry = load<u32>(spanEntry(page));
    if ((entry & SPAN_OBJECT) == 0) continue;
    const span = spanAt(page);
    if (entry & SPAN_SMALL) {
      const central = objectCentral(entry & SPAN_CLASS);
      span.next = central.unswept;
      central.unswept = page;
    } else {
      span.next = gc.unsweptLarge;
      gc.unsweptLarge = page;
    }
  }
}

/** Sweeps all that is left, and waits for those who are sweeping. */
function finishSweep(): void {
  sweepAll();
  while (atomic.load<i32>(addressOf(gc.sweeping)) != 0) {
    if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return;
    nap(LOOK_AGAIN);
  }
}

// ---- who waits for a collection ----------------------------------------------------------------------------------------

function takeWaiting(): G | null {
  plock(addressOf(gc.waitLock));
  const first = changetype<G | null>(gc.waiting);
  gc.waiting = 0;
  punlock(addressOf(gc.waitLock));
  return first;
}

function release(first: G): void {
  let gp: G | null = first;
  while (gp) {
    const next: G | null = gp.schedlink;
    goready(gp);
    gp = next;
  }
}

// ---- what is told ------------------------------------------------------------------------------------------------------

function mb(bytes: i64): string {
  return ((bytes + (1 << 19)) >> 20).toString();
}

function ms(ns: i64): string {
  const thousandths = (ns + 500) / 1000;
  const rest = (thousandths % 1000).toString();
  return (thousandths / 1000).toString() + "." + "000".substring(rest.length) + rest;
}

/** Go's line: `gc 1 @0.012s 2%: 0.018+1.3+0.076 ms clock, …`. Marking is within the pause here, and nobody assists. */
function traceCycle(begin: i64, swept: i64, stopped: i64, marked: i64, end: i64, before: i64): void {
  const since = end - sched.startTime;
  const seconds = ms(since / 1000);
  const percent = since > 0 ? (gc.busy * 100) / (since * sched.nprocs) : 0;
  const clock = `${ms(stopped - swept)}+${ms(marked - stopped)}+${ms(end - marked)} ms clock`;
  const cpu = `${ms(stopped - swept)}+0.000/${ms(marked - stopped)}/0.000+${ms(end - marked)} ms cpu`;
  const heap = `${mb(before)}->${mb(before)}->${mb(gc.marked)} MB, ${mb(gc.goal)} MB goal, 0 MB stacks, 0 MB globals`;
  writeError(`gc ${gc.cycles} @${seconds}s ${percent}%: ${clock}, ${cpu}, ${heap}, ${sched.nprocs} P\n`);
}
