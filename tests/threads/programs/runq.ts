// A run queue with an owner and thieves. The goroutines in it are items of an array, of which only the fields before `m`
// exist: `status` counts how often an item was consumed, `entry` is what its producer wrote in it before putting it.
import { globrunqget, globrunqsize } from "../../../assembly/runtime/sched/globrunq";
import { lock, unlock } from "../../../assembly/runtime/base/lock";
import { reservePages } from "../../../assembly/runtime/memory/pages";
import { fastrandn } from "../../../assembly/runtime/base/rand";
import { runnextget, runqempty, runqget, runqput, runqsteal } from "../../../assembly/runtime/goroutine/runq";
import { addressOf, allp, G, P, sched } from "../../../assembly/abi";
import { become, setup, word } from "./setup";

const PROCS: i32 = 4;
const ITEM: usize = offsetof<G>("m");

const ITEMS = 0;
const COUNT = 1;
const DONE = 2;
/** Things consumed that are no items, or not as their producer left them. */
const FOREIGN = 3;
const STOLEN = 4;
const OVERFLOWED = 5;

function item(i: i32): G {
  return changetype<G>(load<usize>(word(ITEMS)) + <usize>i * ITEM);
}

function consume(gp: G): void {
  const offset = changetype<usize>(gp) - load<usize>(word(ITEMS));
  const i = <i32>(offset / ITEM);
  if (offset % ITEM != 0 || <u32>i >= load<u32>(word(COUNT)) || gp.entry != i + 1) {
    atomic.add<i32>(word(FOREIGN), 1);
    return;
  }
  atomic.add<u32>(changetype<usize>(gp) + offsetof<G>("status"), 1);
}

/** Makes `n` items, and empty queues whose indices begin at `start`. */
export function prepare(n: i32, start: u32): void {
  setup(PROCS);
  store<i32>(word(COUNT), n);
  store<usize>(word(ITEMS), reservePages(<u32>((<usize>n * ITEM) >> 16) + 1));
  for (let i = 0; i < PROCS; i++) {
    allp(i).runqhead = start;
    allp(i).runqtail = start;
  }
}

/** Takes from the global queue as the scheduler does: one at its turn, a share of it once the P's own queue is empty. */
function takeGlobal(pp: P): i32 {
  if (globrunqsize() == 0) return 0;
  lock(addressOf(sched.lock));
  const before = sched.runqSize;
  const gp = globrunqget(pp, runqempty(pp) ? 0 : 1);
  const taken = before - sched.runqSize;
  unlock(addressOf(sched.lock));
  if (gp) consume(gp);
  return taken;
}

function takeOwn(pp: P): bool {
  let gp = runnextget(pp);
  if (!gp) gp = runqget(pp);
  if (!gp) return false;
  consume(gp);
  return true;
}

/** Puts all items on P 0, one after the other, and consumes some of them. */
export function produce(): void {
  become(1, 0);
  const pp = allp(0);
  const n = load<i32>(word(COUNT));
  let overflowed = 0;
  for (let made = 0; made < n;) {
    const burst = min<u32>(n - made, 1 + fastrandn(fastrandn(16) == 0 ? 800 : 30));
    for (let i: u32 = 0; i < burst; i++, made++) {
      const gp = item(made);
      gp.entry = made + 1;
      runqput(pp, gp, fastrandn(4) == 0);
    }
    for (let i = fastrandn(30); i > 0 && takeOwn(pp); i--) {}
    if (fastrandn(16) == 0) overflowed += takeGlobal(pp);
  }
  atomic.store<i32>(word(DONE), 1);
  while (takeOwn(pp) || globrunqsize() != 0) overflowed += takeGlobal(pp);
  atomic.add<i32>(word(OVERFLOWED), overflowed);
}

/** Puts all items on P 0 as the next to run, now and then two at a time, and takes each back unless it was stolen. */
export function produceNext(): void {
  become(1, 0);
  const pp = allp(0);
  const n = load<i32>(word(COUNT));
  for (let i = 0; i < n; i++) {
    const gp = item(i);
    gp.entry = i + 1;
    runqput(pp, gp, true);
    if (i % 3 == 0) continue;
    while (takeOwn(pp)) {}
  }
  while (takeOwn(pp)) {}
  atomic.store<i32>(word(DONE), 1);
}

/** Steals from P 0 what is next to run, or in its ring. */
export function thieveNext(id: i32): void {
  become(id + 1, id);
  const pp = allp(id);
  let stolen = 0;
  while (true) {
    const done = atomic.load<i32>(word(DONE)) != 0;
    const gp = runqsteal(pp, allp(0), true);
    if (gp) {
      stolen++;
      consume(gp);
      while (takeOwn(pp)) {}
    } else if (done) break;
  }
  atomic.add<i32>(word(STOLEN), stolen);
}

/** Steals from all other Ps and consumes what it gets, until there is nothing left. */
export function thieve(id: i32): void {
  become(id + 1, id);
  const pp = allp(id);
  let stolen = 0;
  let overflowed = 0;
  while (true) {
    const done = atomic.load<i32>(word(DONE)) != 0;
    let found = false;
    const first = fastrandn(PROCS);
    for (let i = 0; i < PROCS; i++) {
      const victim = (first + i) % PROCS;
      if (victim == id) continue;
      const gp = runqsteal(pp, allp(victim), fastrandn(4) == 0 || done);
      if (!gp) continue;
      found = true;
      stolen++;
      // One that goes back and may be stolen once more.
      if (fastrandn(8) == 0) runqput(pp, gp, true);
      else consume(gp);
      while (takeOwn(pp)) {}
    }
    if (fastrandn(64) == 0) {
      overflowed += takeGlobal(pp);
      while (takeOwn(pp)) {}
    }
    if (done && !found) break;
  }
  atomic.add<i32>(word(STOLEN), stolen);
  atomic.add<i32>(word(OVERFLOWED), overflowed);
}

/** How many items were consumed `times` times. */
export function consumed(times: u32): i32 {
  let n = 0;
  for (let i = 0; i < load<i32>(word(COUNT)); i++) if (item(i).status == times) n++;
  return n;
}

export function foreign(): i32 {
  return load<i32>(word(FOREIGN));
}

export function stolen(): i32 {
  return load<i32>(word(STOLEN));
}

export function overflowed(): i32 {
  return load<i32>(word(OVERFLOWED));
}

/** Puts and takes items such that P 0 always has one, in the ring or as `runnext`. */
export function neverEmpty(turns: i32): void {
  become(1, 0);
  const pp = allp(0);
  runqput(pp, item(0), true);
  for (let i = 0; i < turns; i++) {
    runqput(pp, item(1), true); // kicks the other into the ring
    runnextget(pp);
    runqput(pp, item(1), true);
    runqget(pp);
  }
  atomic.store<i32>(word(DONE), 1);
}

/** Looks at P 0 until `neverEmpty` has ended; says how often the queue seemed empty. */
export function watch(): i32 {
  let empty = 0;
  const pp = allp(0);
  while (runqempty(pp)) {}
  while (atomic.load<i32>(word(DONE)) == 0) if (runqempty(pp)) empty++;
  return empty;
}
