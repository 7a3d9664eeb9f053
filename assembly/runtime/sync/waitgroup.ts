/**
 * WaitGroup: waits for a number of things to be done. After Go's sync/waitgroup.go. Only `wait` switches stacks; the rest also runs
 * for JavaScript, on a thread's own.
 *
 * `state` holds the counter in its upper half and the number of waiters in its lower. Invariants
 * - Waiters are counted only while the counter is positive: `wait` counts itself in by a compare-and-swap that fails if the
 *   counter changes.
 * - Whoever takes the counter to 0 with waiters counted sets the state to 0 and gives each waiter a permit. Nothing else
 *   changes the state at that moment in a correct program: a new `add` must come after all earlier `wait`s have returned.
 *
 * Ordering: `done` is a sequentially consistent read-modify-write of `state`; a waiter returns after it has read a state
 * with counter 0, or been given a permit by whoever wrote it. So it sees what was written before each `done`.
 */
import { gopanic } from "../base/panic";
import { plock, punlock } from "../base/lock";
import { Sema, semaq, semrelease, semtake, visitSema } from "../chan/sema";
import { unlink } from "../chan/waitq";
import { gopark, newproc } from "../goroutine/proc";
import { runTask, Task } from "../goroutine/task";
import { addressOf, Waiter, WaitReason } from "../../abi";
import { nilCheck } from "../base/nil";


@inline
function semaOf(wg: WaitGroup): Sema {
  return changetype<Sema>(changetype<usize>(wg) + offsetof<WaitGroup>("sema0"));
}

/** A counter that goroutines can wait for to become zero. */
export class WaitGroup {
  private state: u64;
  // A Sema.
  private sema0: u64;
  private sema1: u64;

  /** Adds `n`, which may be negative. Panics if the counter becomes negative. */
  add(n: i32 = 1): void {
    addState(this, n);
  }

  /** Takes one off the counter; at zero all who wait go on. */
  done(): void {
    addState(this, -1);
  }

  /** Makes the call in a goroutine of its own, which the counter counts until the call returns. It must not end by `goexit`. */
  go(task: Task): void {
    this.add(1);
    newproc(makeCall(this, changetype<usize>(task)));
  }

  /** Waits until the counter is zero. */
  wait(): void {
    const word = waitGroupWait(this);
    if (word == 0) return;
    gopark(WaitReason.WaitGroupWait, word);
    if (atomic.load<u64>(addressOf(this.state)) != 0)
      gopanic("sync: WaitGroup is reused before previous Wait has returned");
  }

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    visitSema(changetype<usize>(this), semaOf(this));
  }
}

function makeCall(wg: WaitGroup, task: usize): void {
  runTask(changetype<Task>(task));
  wg.done();
}

/** 0 if the counter is zero; else the current G is to wait, as with `semtake`. */
export function waitGroupWait(wg: WaitGroup): usize {
  return countIn(wg) ? semtake(semaOf(wg), false) : 0;
}

/** Who waits gives up: false if it is being woken (see "Giving up" in `sema.ts`). */
export function waitGroupWithdraw(wg: WaitGroup, w: Waiter): bool {
  const s = semaOf(wg);
  plock(changetype<usize>(s));
  const waited = w.q == changetype<usize>(semaq(s)) && countOut(wg);
  if (waited) unlink(semaq(s), w);
  punlock(changetype<usize>(s));
  return waited;
}

/** Takes a waiter off the state, unless it counts none. */
function countOut(wg: WaitGroup): bool {
  let state = atomic.load<u64>(addressOf(wg.state));
  while (<u32>state != 0) {
    const seen = atomic.cmpxchg<u64>(addressOf(wg.state), state, state - 1);
    if (seen == state) return true;
    state = seen;
  }
  return false;
}


@inline
function addState(wg: WaitGroup, n: i32): void {
  nilCheck(changetype<usize>(wg));
  const delta = (<u64>n) << 32;
  const state = atomic.add<u64>(addressOf(wg.state), delta) + delta;
  if (<i64>state < 0 || <u32>state != 0) addSlow(wg, n, state);
}

function addSlow(wg: WaitGroup, n: i32, state: u64): void {
  const counter = <i32>(state >> 32);
  const waiters = <u32>state;
  if (counter < 0) {
    atomic.sub<u64>(addressOf(wg.state), (<u64>n) << 32); // who survives the panic finds the counter as it was
    gopanic("sync: negative WaitGroup counter");
  }
  if (waiters == 0) return;
  if (n > 0 && counter == n) gopanic("sync: WaitGroup misuse: Add called concurrently with Wait");
  if (counter > 0) return;
  if (atomic.cmpxchg<u64>(addressOf(wg.state), state, 0) != state) {
    gopanic("sync: WaitGroup misuse: Add called concurrently with Wait");
  }
  semrelease(semaOf(wg), waiters);
}

/** Counts the caller among the waiters; false if the counter is zero. */
function countIn(wg: WaitGroup): bool {
  nilCheck(changetype<usize>(wg));
  const addr = addressOf(wg.state);
  let state = atomic.load<u64>(addr);
  while (true) {
    if (state >> 32 == 0) return false;
    const seen = atomic.cmpxchg<u64>(addr, state, state + 1);
    if (seen == state) return true;
    state = seen;
  }
}
