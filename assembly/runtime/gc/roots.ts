/**
 * The roots, and when they are looked at. Those that are few are looked at with the world stopped, as marking begins and as it ends. The frames
 * of goroutines and the timers, of which there may be a million, are while the program goes on:
 *
 * - A goroutine is scanned once after marking has begun, and again each time it has run since. `G.scanned` says which: who scans it sets
 *   it to the cycle, and then reads its frames; who has run it sets 0 once its frames are saved, and if it was the cycle's enters it among
 *   those that have run (`work.ts`). Both are atomic exchanges of one word. If that of the scan comes first, the goroutine has been entered; if it
 *   comes second, the scan sees the new frames. A goroutine that runs when marking ends has been switched out by then. So all that are not
 *   entered have frames that were scanned as they are. A scan beside a run may read words from two states: that marks too much,
 *   never too little, since such a goroutine is entered.
 * - Who starts a goroutine enters it in the same way, once it can be found to be runnable; a G that is new counts as scanned.
 * - A timer that is put into a heap, or moved between heaps, is shaded; the heap of a P is looked through once, under its lock.
 *
 * The roots: every place outside an object's own typed fields that refers to objects. Who adds a place adds it here, or to the
 * visitor of its class (`__visit`).
 *
 * | what | where | how it is found |
 * | --- | --- | --- |
 * | module variables | cells in static memory | `__visit_globals`, which the compiler generates |
 * | goroutines that have begun | the frames saved in `G.stack`; a value on its way, in its waiter; what it waits for | word by word |
 * | goroutines that have not | the task, in the G or a record | word by word |
 * | every goroutine | `netError`, `once` and what encloses that, `sleepTimer` | by name |
 * | timers that are set | the heap of each P | by name; what a timer has is told by its visitor |
 * | operations of JavaScript | their records: the value, the Select, the waiter | word by word |
 * | descriptors | the timers of their deadlines | by name. (The NetFD that a PollDesc serves is not one: see `weak.ts`) |
 * | objects of JavaScript (`HostObject.target`), `__pin` | the table of pins | by name |
 * | bytes that JavaScript is about to send | `M.held` | by name |
 * | what cleanups are to do | their tasks | by name |
 *
 * Not roots, for they are reached from these: channels' values, select cases, tasks of Once, Pool, afterFunc and of an event loop's
 * handles, the connections of a loop of serve: each class has a visitor or typed fields.
 *
 * The native stacks of threads hold no references when the world is stopped: who has a P has given it up on g0; a goroutine that makes
 * a blocking call was unwound before (`hostCall`); code inside `blocking` is waited for; threads without a P are outside of the gate.
 */
import { CHECKED, check } from "../base/checked";
import { visitOperations } from "../js/operation";
import { PollDesc } from "../net/polldesc";
import { timerOf } from "../goroutine/timers";
import { addressOf, allm, allp, G, gc, GKind, GStatus, ownTask, P, sched, TASK_ROOM, waiterOf } from "../../abi";
import { IO_M, SYSMON_M } from "../../layout";
import { blockOf, mallocSize } from "../memory/malloc";
import { markObject, markWord, scanWords } from "../memory/mark";
import { visitPins } from "../memory/pins";
import { loseRan, nextBlock, nextRan, putRan, takeRan } from "../memory/work";
import { lock, plock, punlock, unlock } from "../base/lock";
import { visitCleanups } from "./weak";

/** Those that are few, for collections and surveys. With the world stopped and the gate closed. */
export function markFixedRoots(): void {
  __visit_globals(0);
  for (let at = sched.allPollDescs; at != 0; at = changetype<PollDesc>(at).alllink) {
    const pd = changetype<PollDesc>(at);
    if (pd.rt != 0) markObject(pd.rt);
    if (pd.wt != 0) markObject(pd.wt);
  }
  for (let id = 0; id <= sched.mcount; id++) markHeld(id);
  markHeld(SYSMON_M);
  markHeld(IO_M);
  visitOperations();
  visitPins();
  visitCleanups();
}

/** Goroutines that are scanned before others may look for work: some 5 µs. */
const GS_AT_ONCE: i32 = 32;

/** Scans some goroutines that have not been scanned in this cycle, or the timers of a P; false if there are no more. With a P. */
export function markSomeRoots(): bool {
  if (gc.nextG != 0) {
    lock(addressOf(gc.workLock));
    let gp = changetype<G | null>(gc.nextG);
    let end: G | null = gp;
    for (let i = 0; i < GS_AT_ONCE && end; i++) end = end.alllink;
    gc.nextG = changetype<usize>(end);
    unlock(addressOf(gc.workLock));
    const any = gp != null;
    while (gp && gp != end) {
      scanOrLeave(gp);
      gp = gp.alllink;
    }
    if (any) return true;
  }
  if (atomic.load<i32>(addressOf(gc.nextTimers)) >= sched.nprocs) return false;
  const i = atomic.add<i32>(addressOf(gc.nextTimers), 1);
  if (i >= sched.nprocs) return false;
  const pp = allp(i);
  plock(addressOf(pp.timersLock));
  markTimers(pp);
  punlock(addressOf(pp.timersLock));
  return true;
}

/** The timers of a P. Under its lock, or with the world stopped. */
export function markTimers(pp: P): void {
  for (let k = 0; k < pp.timersLength; k++) markObject(changetype<usize>(timerOf(pp, k)));
}

/** Whether `markSomeRoots` is through. */
@inline
export function rootsLeft(): bool {
  return gc.nextG != 0 || atomic.load<i32>(addressOf(gc.nextTimers)) < sched.nprocs;
}

/** Scans again those that have run, as far as they have been handed over and do not run just now. */
export function scanRan(stopped: bool): void {
  for (let block = takeRan(); block != 0; block = nextBlock(block)) {
    for (let at = nextRan(block); at != 0; at = nextRan(block)) {
      const gp = changetype<G>(at);
      if (stopped) {
        atomic.store<u8>(addressOf(gp.scanned), <u8>gc.cycle);
        scanGoroutine(gp, true);
      } else {
        scanOrLeave(gp);
      }
    }
  }
}

/** Scans a goroutine while the program goes on; one that cannot be scanned now is entered among those that have run. */
function scanOrLeave(gp: G): void {
  const word = addressOf(gp.scanned);
  const cycle = <u8>gc.cycle;
  atomic.xchg<u8>(word, cycle);
  if (!scanGoroutine(gp, false) && atomic.cmpxchg<u8>(word, cycle, 0) == cycle) enterRan(gp);
}

/** A goroutine has run, and its frames are saved, or it has been started: while objects are marked. */
export function noteRun(gp: G): void {
  if (atomic.xchg<u8>(addressOf(gp.scanned), 0) != 0) enterRan(gp);
}

function enterRan(gp: G): void {
  if (!putRan(changetype<usize>(gp))) loseRan();
}

/** Scans all goroutines. With the world stopped. */
export function scanAll(): void {
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    atomic.store<u8>(addressOf(gp.scanned), <u8>gc.cycle);
    scanGoroutine(gp, true);
    gp = gp.alllink;
  }
}

function markHeld(id: i32): void {
  const held = allm(id).held;
  if (held != 0) markObject(held);
}

/** Marks what a goroutine refers to. False if that can be found only with the world stopped. */
export function scanGoroutine(gp: G, stopped: bool): bool {
  // It is used again by the next goroutine in this G.
  const timer = gp.sleepTimer;
  if (timer != 0) markObject(timer);
  const status = gp.status;
  if (status == GStatus.Idle || status == GStatus.Dead) return true;
  // Its program is over: it never runs again.
  if (gp.kind == GKind.Program && gp.epoch != sched.epoch) return true;
  if (gp.netError != 0) markObject(gp.netError);
  if (gp.once != 0) markWord(gp.once);
  if (gp.kind == GKind.Js) return true;
  const from = gp.stack;
  const to = gp.stackTop;
  if (to != 0) {
    // They are of two states if it is being resumed.
    if (to < from || to - from > <usize>gp.stackCap) return true;
    scanWords(from, to);
    markWord(<usize>waiterOf(gp).elem);
    if (status == GStatus.Waiting) markWord(gp.waitOn);
    return true;
  }
  if (CHECKED && stopped)
    check(status == GStatus.Runnable, "in a stopped world no goroutine has frames that are not saved");
  const task = gp.task;
  if (task == ownTask(gp)) {
    scanWords(task, task + TASK_ROOM);
    return true;
  }
  // A record may be freed, and used for something else, as soon as the goroutine has begun.
  if (!stopped) return false;
  markWord(task);
  // The record of a call of the host's.
  if (blockOf(task) == task) scanWords(task, task + mallocSize(task));
  return true;
}
