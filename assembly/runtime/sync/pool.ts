/**
 * A pool runs at most `size` calls at a time, each in a goroutine; who submits more waits until one is over.
 *
 * A worker is a goroutine that makes calls as long as somebody waits to submit one, and ends when nobody does: the runtime
 * keeps dead goroutines for reuse, so to start a worker costs no more than to wake one, and an idle pool has no goroutines.
 * A call that ends its goroutine, or panics where the host contains it, is over like any other.
 *
 * A call may itself submit to its pool; like anybody it waits if the pool is full. If all workers do so at once none of them
 * will ever be free: a deadlock, as with any resource that is held while more of it is wanted. Likewise `wait` in a call of
 * the pool waits for itself.
 *
 * Invariants, whenever the lock is free
 * - `busy` workers make calls. It exceeds `size` only after `tune` has reduced that.
 * - Somebody waits to submit only if busy >= size. So busy == 0 means that all submitted work is done.
 *
 * On a goroutine; `poolAbandoned` on g0.
 */
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { gopanic } from "../base/panic";
import { gopark, goready, newproc } from "../goroutine/proc";
import { g } from "../base/registers";
import { addressOf, G, WaitReason } from "../../abi";
import { freeTask, runTask, Task } from "../goroutine/task";
import { dequeue, dequeueAll, enqueue, ownWaiter, readyAll, visitWaiters, WaitQ } from "../chan/waitq";
import { Deferral, DeferralKind } from "./deferral";
import { nilCheck } from "../base/nil";
/** Goroutines that wait to submit; the task is in the waiter. */
@inline
function submitters(pool: Pool): WaitQ {
  return changetype<WaitQ>(changetype<usize>(pool) + offsetof<Pool>("submitFirst"));
}
/** Goroutines that wait for all work to be done. */
@inline
function idleWaiters(pool: Pool): WaitQ {
  return changetype<WaitQ>(changetype<usize>(pool) + offsetof<Pool>("idleFirst"));
}

/** Goroutines to make calls with, at most `size` at a time. */
export class Pool extends Deferral {
  word: i32;
  size: i32;
  busy: i32;
  released: bool;
  // Two WaitQs.
  submitFirst: usize;
  submitLast: usize;
  idleFirst: usize;
  idleLast: usize;

  constructor(size: i32) {
    super();
    this.kind = DeferralKind.Pool;
    this.size = checkedSize(size);
  }

  /** Has a worker make the call; waits while all are busy. Panics after `release`. */
  submit(task: Task): void {
    const word = startOrEnqueue(this, task);
    if (word != 0) gopark(WaitReason.Semacquire, word);
  }

  /** Waits until all submitted work is done. */
  wait(): void {
    const word = idleOrEnqueue(this);
    if (word != 0) gopark(WaitReason.WaitGroupWait, word);
  }

  /** Workers that are making a call. */
  running(): i32 {
    nilCheck(changetype<usize>(this));
    return atomic.load<i32>(changetype<usize>(this) + offsetof<Pool>("busy"));
  }

  /** Workers that could make a call at once. */
  free(): i32 {
    return max(0, atomic.load<i32>(changetype<usize>(this) + offsetof<Pool>("size")) - this.running());
  }

  /** Changes the size, for what starts later: calls that are being made go on. */
  tune(size: i32): void {
    nilCheck(changetype<usize>(this));
    resize(this, checkedSize(size));
  }

  /** Takes no more work. What has been submitted, by whoever waits to do so too, is still done. */
  release(): void {
    nilCheck(changetype<usize>(this));
    plock(addressOf(this.word));
    this.released = true;
    punlock(addressOf(this.word));
  }

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    visitWaiters(changetype<usize>(this), addressOf(this.word), submitters(this));
    visitWaiters(changetype<usize>(this), addressOf(this.word), idleWaiters(this));
  }
}

function checkedSize(size: i32): i32 {
  if (size < 1) gopanic("pool: size " + size.toString() + " is less than 1");
  return size;
}

/** A worker. */
function work(pool: Pool, task: usize): void {
  g.owes = true;
  g.once = changetype<usize>(pool);
  do {
    runTask(changetype<Task>(task));
    task = nextTask(pool);
  } while (task != 0);
  g.once = 0;
}

/** A worker of a pool has ended inside a call. */
export function poolAbandoned(pool: Pool): void {
  const task = nextTask(pool);
  if (task != 0) newproc(work(pool, task));
}

/** 0 if a worker has been started; else this goroutine waits, and the lock, whose address this is, is held. */
function startOrEnqueue(pool: Pool, task: Task): usize {
  nilCheck(changetype<usize>(pool));
  plock(addressOf(pool.word));
  if (pool.released) {
    punlock(addressOf(pool.word));
    freeTask(changetype<usize>(task));
    gopanic("pool: submit after release");
  }
  if (pool.busy < pool.size) {
    pool.busy++;
    punlock(addressOf(pool.word));
    newproc(work(pool, changetype<usize>(task)));
    return 0;
  }
  const w = ownWaiter();
  w.elem = changetype<usize>(task);
  enqueue(submitters(pool), w);
  return addressOf(pool.word);
}

/** A call is over: the next one for this worker, or 0, and the worker is no longer counted. */
function nextTask(pool: Pool): usize {
  plock(addressOf(pool.word));
  if (pool.busy <= pool.size) {
    const w = dequeue(submitters(pool));
    if (w) {
      punlock(addressOf(pool.word));
      const task = <usize>w.elem;
      goready(w.g);
      return task;
    }
  }
  const busy = --pool.busy;
  if (CHECKED)
    check(busy >= 0 && (busy >= pool.size || !submitters(pool).first), "who submits waits for busy workers only");
  let head: G | null = null;
  if (busy == 0) head = dequeueAll(idleWaiters(pool));
  punlock(addressOf(pool.word));
  readyAll(head);
  return 0;
}

/** 0 if all work is done; else as `startOrEnqueue`. */
function idleOrEnqueue(pool: Pool): usize {
  nilCheck(changetype<usize>(pool));
  plock(addressOf(pool.word));
  if (pool.busy == 0) {
    punlock(addressOf(pool.word));
    return 0;
  }
  enqueue(idleWaiters(pool), ownWaiter());
  return addressOf(pool.word);
}

function resize(pool: Pool, size: i32): void {
  plock(addressOf(pool.word));
  pool.size = size;
  while (pool.busy < size) {
    const w = dequeue(submitters(pool));
    if (!w) break;
    pool.busy++;
    newproc(work(pool, <usize>w.elem));
    goready(w.g);
  }
  punlock(addressOf(pool.word));
}
