/**
 * The collector: it frees objects that no goroutine, module variable, timer or object of JavaScript reaches any more. Mark and sweep, not
 * moving, concurrent. After Go's mgc.go, with the barrier of its first concurrent versions (to Go 1.7).
 *
 * A parked goroutine is bytes in shared memory, and a running one becomes that at its next safepoint. So its references lie where they can be
 * read: no stack maps, no scanning of native stacks, and however many goroutines there are, the world stops for those only that are
 * running, of which there is one for each P.
 *
 * A cycle
 * 1. *Request.* Who allocates finds that the trigger is reached (`objects.ts`), or somebody calls `gc()`: `Attention.Gc` is set. The next
 *    M that schedules takes the request, and the right to stop the world. It sweeps what is left of the cycle before.
 * 2. *Begin.* The world is stopped: all goroutines are switched out (`world.ts`), and nobody is inside the gate (`base/gate.ts`). The caches of the
 *    Ps are flushed, `gc.marking` is set, and the few roots are marked (`roots.ts`). If all can be marked in STOP_BUDGET, it is, and
 *    the cycle ends here: small programs never see a concurrent one.
 * 3. *Mark.* The world goes on. Ms mark between goroutines (`marker.ts`, `mark.ts`) until no work is left.
 * 4. *End.* The world is stopped again: the few roots are marked once more, goroutines that have run are scanned once more. Where that
 *    brings more work than can be done in STOP_BUDGET, back to 3, a few times. Then all that is reachable is black. Weak references are cleared,
 *    it is seen which cleanups and sockets are due (`weak.ts`), and all spans go into the lists of those that are not swept.
 * 5. *Sweep* (`sweep.ts`). The world goes on: who needs a span sweeps one; a goroutine of the runtime's sweeps the rest, some at a time.
 *
 * Why nothing reachable is freed. While `gc.marking` is set, (a) what a reference to is stored in an object is shaded in the same instant as far
 * as the collector can tell, since there is no safepoint between the store and the barrier (`__link`; `shade` in the core); (b) what is
 * allocated is black; (c) what is taken out of one place and put into another, within an object or a channel, is shaded. Let X be an object that
 * is reachable at the end. Follow a way from a root to X, and let Y be the first white object on it, referred to by R. R is
 * not a root, nor frames: all few roots have been marked at the end, and frames scanned since they last changed (`roots.ts`), so Y
 * would be marked. So R is an object, and black, since there are no grey ones. If the reference was there when R was looked through, Y was marked. If
 * it was put there later, or R was allocated while marking went on, Y was shaded then. So there is no white Y, and X is black.
 * A checked build looks through all black objects again.
 *
 * What visitors of the threads read is argued in `mark.ts`; that `gc.marking`, a plain word, is seen by all: it changes while nobody runs goroutines or
 * is inside the gate, and stopping and going on are ordered by atomics.
 *
 * Why it ends. Work grows by shading and by what has run; shading marks white objects alone, of which none are added. So in each
 * cycle there is a last try to end it, and the one after TRIES_MAX does all that is left.
 *
 * Why the world stops. A goroutine passes a safepoint in each loop and recursion; a loop that calls what allocates does so on each turn.
 * With `--no-preempt` there are none, and a collection waits until all running goroutines have parked or ended.
 *
 * Pacing. As in Go a cycle is to have ended when the heap has grown by GOGC percent over what the last one found, at least 4 MiB
 * for each P by GOGC / 100: that is the goal. It begins at the trigger, which comes earlier by a part of that; if the heap grows faster than that allows, who
 * allocates marks (`memory/assist.ts`). The soft limit brings the goal forward: the pages in use, less those of objects, and the goal are not to
 * exceed it. So does the hard limit, for a function that is not at a safepoint cannot wait for a collection when memory runs out.
 *
 * On g0, with a P.
 */
import { FORCE_GC_PERIOD } from "../../layout";
import { BARRIER, CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { nap, plock, punlock } from "../base/lock";
import { throwFatal } from "../base/panic";
import { m } from "../base/registers";
import { writeError } from "../debug/dump";
import { goready, startHosted } from "../goroutine/proc";
import { startIdle } from "../sched/mp";
import { callAttention, napLending, startTheWorld, stopTheWorld, tryWorld } from "../sched/world";
import { addressOf, allp, Attention, CLASS_COUNT, G, Lost, ProgramState, sched, gc } from "../../abi";
import { closeGate, openGate } from "../base/gate";
import { awaitUsers } from "../memory/users";
import { tellFound } from "../memory/assist";
import { requestGc } from "../memory/request";
import { checkMarks, clearStaticMarks, drainAll, drainSome, foundSoFar } from "../memory/mark";
import { flushObjects, flushOrphanObjects } from "../memory/objects";
import { dropSamples } from "../memory/profile";
import { endPage, firstPage, PAGE_BITS, SPAN_CLASS, SPAN_OBJECT, SPAN_SMALL, spanEntry } from "../memory/pages";
import { gatherGrey, gatherRan, shareGrey } from "../memory/work";
import { markFixedRoots, markSomeRoots, scanAll, scanRan } from "./roots";
import { survey } from "./survey";
import { objectCentral, spanAt } from "../memory/state";
import { sweepAll } from "../memory/sweep";
import { clearUnreachable, startCleanups } from "./weak";
import { sweepgo } from "../goroutine/memory";

/**
 * The smallest heap that GOGC=100 collects, for each P up to so many; Go's value, which there is for all. A small heap is marked by one
 * thread while the others stand still: the more of them there are, the rarer that is to be.
 */
const HEAP_MIN: i64 = 4 << 20;
const HEAP_MIN_PS: i32 = 4;
/** However near the limit is, a collection is due only when the heap has grown by so much. */
const GROWTH_MIN: i64 = 1 << 20;
/** The part of the growth up to the goal that is left for marking. */
const RUNWAY_PART: i64 = 4;
/** How long marking may keep the world stopped, in ns; how often, before the next try goes on to the end whatever that takes. */
const STOP_BUDGET: i64 = 300_000;
/** As a cycle begins, if the one before took much longer to mark: no hope that this will be all. */
const BEGIN_BUDGET: i64 = 50_000;
const MARK_SHORT: i64 = 4 * STOP_BUDGET;
const TRIES_MAX: i32 = 8;
/** Objects that are looked through between two looks at the clock. */
const AT_ONCE: i32 = 128;
/** A soft limit from which on there is none: the largest integer that JavaScript knows. */
const NO_LIMIT: f64 = 9007199254740991;
/** How long to wait before looking again whether others have swept, in ns. */
const LOOK_AGAIN: i64 = 20_000;

/** Settings: GOGC (negative for off), the soft limit in bytes, SKEIN_DEBUG's gctrace and gcstress. On M0, before anything runs. */
export function initGc(percent: i32, limit: f64, trace: i32, stress: i32): void {
  gc.percent = BARRIER ? percent : -1;
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
    const least = (HEAP_MIN * min(sched.nprocs, HEAP_MIN_PS) * gc.percent) / 100;
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
  gc.trigger = goal - (goal - marked) / RUNWAY_PART;
}

/** Has objects collected that nothing else asks for: what has a cleanup, or is a socket, may be among them. On sysmon's thread, without a P. */
export function collectIfLongAgo(now: i64): void {
  if (gc.percent < 0 || gc.heapLive == 0 || now - max(gc.ended, sched.startTime) < FORCE_GC_PERIOD) return;
  gc.ended = now; // not asked for again before it is due again
  gc.forced = 1;
  requestGc();
  callAttention();
}

/** An M has seen that a collection is wanted. False if the program is over. */
export function collect(): bool {
  if (!BARRIER) throwFatal("a program compiled with SKEIN_BARRIER=off cannot collect");
  if (!tryWorld()) {
    // Who stops the world now goes on in a moment.
    return napLending(LOOK_AGAIN);
  }
  atomic.and<i32>(addressOf(sched.attention), ~Attention.Gc);
  const isDue =
    gc.waiting != 0 || gc.forced != 0 || gc.stress != 0 || atomic.load<i64>(addressOf(gc.heapLive)) >= gc.trigger;
  // Another M may have just done it. Who waits while one is running is served by the next, which its end asks for.
  if (gc.marking != 0 || !isDue) {
    atomic.store<i32>(addressOf(sched.worldBusy), 0);
    return true;
  }
  gc.began = nanotime();
  sweepAll();
  gc.stopped = 0;
  if (!stop()) return false;
  flushAll();
  sweepAll(); // what threads without a P have left
  if (CHECKED) check(gc.sweeping == 0, "no mark begins before all is swept");
  if (gc.surveys != 0) survey();
  begin();
  endOrGoOn();
  return true;
}

/** An M has found nothing left to mark. False if the program is over. */
export function tryToEnd(): bool {
  if (!tryWorld()) return true;
  if (gc.marking == 0) {
    atomic.store<i32>(addressOf(sched.worldBusy), 0);
    return true;
  }
  if (!stop()) return false;
  flushAll();
  endOrGoOn();
  return true;
}

/** Stops everybody who touches objects. */
function stop(): bool {
  gc.stoppedAt = nanotime();
  if (!stopTheWorld()) return false;
  closeGate();
  return awaitUsers();
}

/** From here on it is exactly known which cells are in use. */
function flushAll(): void {
  for (let i = 0; i < sched.nprocs; i++) flushObjects(allp(i));
  flushOrphanObjects();
}

function begin(): void {
  gc.served = changetype<usize>(takeWaiting());
  gc.cycle = gc.cycle == 1 ? 2 : 1;
  gc.told = 0;
  gc.lost = 0;
  gc.tries = 0;
  gc.forced = 0;
  gc.passes = 0;
  gc.nextG = sched.allgs;
  gc.nextTimers = 0;
  gc.heapAtStart = gc.heapLive;
  gc.expected = (gc.marked + gc.heapLive) / 2;
  gc.markBegan = nanotime();
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    pp.found = 0;
    pp.markedAt = gc.markBegan;
  }
  gc.marking = 1;
  atomic.or<i32>(addressOf(sched.attention), Attention.Mark);
}

/** The world is stopped: marks what can be marked in a moment. If that is all the cycle ends, else the world goes on meanwhile. */
function endOrGoOn(): void {
  const isDone = markInStop();
  const before = gc.heapLive;
  const closing = isDone ? end() : 0;
  openGate();
  startTheWorld(sched.nprocs);
  const now = nanotime();
  const pause = now - gc.stoppedAt;
  gc.stopped += pause;
  gc.pauseTotal += pause;
  gc.pauseMax = max(gc.pauseMax, pause);
  if (!isDone) {
    // Who has nothing else to do is to mark.
    for (let i = 1; i < sched.nprocs; i++) startIdle();
    return;
  }
  gc.cycles++;
  gc.ended = now;
  gc.markTime = now - gc.markBegan;
  gc.busy += gc.stopped + (now - gc.began - gc.stopped) / 4;
  if (gc.trace != 0) traceCycle(now, pause, before);
  startCleanups(closing);
  const served = changetype<G | null>(gc.served);
  gc.served = 0;
  if (served) {
    finishSweep();
    release(served);
  } else {
    startHosted(sweepgo.index, 0);
  }
}

/** Marks with the world stopped: the few roots, what has run, and what can be done in the time that there is. True if that was all. */
function markInStop(): bool {
  const pp = m.p!;
  let until = nanotime() + (gc.tries == 0 && gc.markTime > MARK_SHORT ? BEGIN_BUDGET : STOP_BUDGET);
  if (gc.tries++ == TRIES_MAX) until = i64.MAX_VALUE;
  // Cycles are of either kind by turns, however small the heap is.
  else if ((CHECKED || gc.stress != 0) && gc.tries == 1) until = (gc.cycles & 1) != 0 ? i64.MAX_VALUE : 0;
  gatherGrey();
  markFixedRoots();
  if ((atomic.and<i32>(addressOf(gc.lost), ~Lost.Ran) & Lost.Ran) != 0) scanAll();
  do {
    // Also those that have not begun, which are entered when it is their turn.
    gatherRan();
    scanRan(true);
    while (drainSome(pp, AT_ONCE) || markSomeRoots()) {
      if (until != i64.MAX_VALUE && nanotime() >= until) {
        shareGrey(pp);
        tellFound(pp);
        return false;
      }
    }
    gatherRan();
  } while (gc.ran != 0);
  drainAll();
  return true;
}

/** All that is reachable is black. Returns the sockets to close. */
function end(): usize {
  const closing = clearUnreachable();
  if (gc.sampling != 0) dropSamples();
  checkMarks();
  clearStaticMarks();
  gc.marked = foundSoFar() + (gc.heapLive - gc.heapAtStart); // what has been allocated since is black
  gc.marking = 0;
  // Who came while it was running is served by the next.
  const bits = atomic.and<i32>(addressOf(sched.attention), ~Attention.Mark);
  if (gc.waiting != 0 && (bits & Attention.Gc) == 0) atomic.or<i32>(addressOf(sched.attention), Attention.Gc);
  prepareSweep();
  gc.heapLive = gc.marked;
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
  return ((bytes >> 20) + ((bytes >> 19) & 1)).toString();
}

function ms(ns: i64): string {
  const thousandths = (ns + 500) / 1000;
  const rest = (thousandths % 1000).toString();
  return (thousandths / 1000).toString() + "." + "000".substring(rest.length) + rest;
}

/** Go's line: `gc 1 @0.012s 2%: 0.018+1.3+0.076 ms clock, …`. The first figure is what stops before the last have taken. */
function traceCycle(now: i64, last: i64, before: i64): void {
  const since = now - sched.startTime;
  const seconds = ms(since / 1000);
  const percent = since > 0 ? (gc.busy * 100) / (since * sched.nprocs) : 0;
  const first = gc.stopped - last;
  const concurrent = max<i64>(now - gc.markBegan - gc.stopped, 0);
  const clock = `${ms(first)}+${ms(concurrent)}+${ms(last)} ms clock`;
  const cpu = `${ms(first)}+0.000/${ms(concurrent)}/0.000+${ms(last)} ms cpu`;
  const heap = `${mb(gc.heapAtStart)}->${mb(before)}->${mb(gc.marked)} MB, ${mb(gc.goal)} MB goal, 0 MB stacks, 0 MB globals`;
  writeError(`gc ${gc.cycles} @${seconds}s ${percent}%: ${clock}, ${cpu}, ${heap}, ${sched.nprocs} P\n`);
}
