/**
 * The local run queue of a P: `runnext`, one goroutine that goes before all others, and a ring of 256.
 *
 * One producer, the M that holds the P, and many consumers: that M and thieves. After Go's runtime/proc.go (runqput,
 * runqget, runqgrab).
 *
 * Invariants
 * - `runqhead` and `runqtail` only grow (modulo 2^32); 0 <= tail - head <= 256; the slots in [head, tail) hold goroutines.
 * - Only the owner writes `runqtail` and the slots. Slots in [head, tail) are never written.
 * - `runqhead` is advanced by compare-and-swap alone, by whoever thereby becomes the owner of the goroutines passed over.
 * - Only the owner puts a goroutine into `runnext`; anybody may take it out, by compare-and-swap or exchange.
 *
 * Ordering. The owner writes a slot, then stores the tail; a thief loads head, then tail, then the slots, and then advances
 * the head by compare-and-swap. All accesses to head and tail are sequentially consistent, so a thief that sees the new
 * tail sees the slot. It may read a slot that the owner is overwriting, but only if the head has moved on meanwhile (the
 * owner writes no slot in [head, tail)), and then its compare-and-swap fails. The head cannot come back to the value seen
 * within 2^32 operations. That last also means a thief may read head and tail far apart in time and see more than 256
 * between them; it then looks again. Slots are read and written with plain accesses: the value of a racy read is discarded.
 *
 * On g0 or a goroutine, as nothing here is switched out.
 */
import { RUNNEXT_PATIENCE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { nap } from "../base/lock";
import { RUNQ_LENGTH, G, GStatus, P, PStatus, runqSlot, sched, addressOf } from "../../abi";
import { globrunqputBatch, globrunqputOne } from "../sched/globrunq";

/** With one P there are no thieves: nobody but the owner looks at the queue, and plain accesses do. */
@inline
function solo(): bool {
  return sched.solo != 0;
}

/** True if the queue held nothing at some instant during the call. Any thread. */
export function runqempty(pp: P): bool {
  // runnext may be kicked into the ring between two loads, so look at the tail on both sides of it.
  while (true) {
    const head = atomic.load<u32>(addressOf(pp.runqhead));
    const tail = atomic.load<u32>(addressOf(pp.runqtail));
    const next = atomic.load<usize>(addressOf(pp.runnext));
    if (tail == atomic.load<u32>(addressOf(pp.runqtail))) return head == tail && next == 0;
  }
}

/** Puts a goroutine at the end, or, with `next`, before all others; the one it displaces goes to the end. Owner only. */
@inline
export function runqput(pp: P, gp: G, next: bool): void {
  if (sched.gm != 0) {
    globrunqputOne(gp);
    return;
  }
  if (next) {
    let kicked: usize;
    if (solo()) {
      kicked = pp.runnext;
      pp.runnext = changetype<usize>(gp);
    } else {
      kicked = atomic.xchg<usize>(addressOf(pp.runnext), changetype<usize>(gp));
    }
    if (kicked == 0) return;
    gp = changetype<G>(kicked);
  }
  const head = atomic.load<u32>(addressOf(pp.runqhead));
  const tail = pp.runqtail; // ours
  if (CHECKED)
    check(
      tail - head <= RUNQ_LENGTH && gp.status == GStatus.Runnable,
      "a ring holds at most its length, of runnable ones",
    );
  if (tail - head < RUNQ_LENGTH) {
    store<usize>(runqSlot(pp, tail), changetype<usize>(gp));
    if (solo()) pp.runqtail = tail + 1;
    else atomic.store<u32>(addressOf(pp.runqtail), tail + 1);
    return;
  }
  runqputSlow(pp, gp);
}

/** The ring is full: half of it and `gp` go to the global queue. */
function runqputSlow(pp: P, gp: G): void {
  while (true) {
    const head = atomic.load<u32>(addressOf(pp.runqhead));
    const tail = pp.runqtail;
    const n: u32 = RUNQ_LENGTH / 2;
    if (tail - head < RUNQ_LENGTH) {
      // A thief made room meanwhile.
      store<usize>(runqSlot(pp, tail), changetype<usize>(gp));
      atomic.store<u32>(addressOf(pp.runqtail), tail + 1);
      return;
    }
    const first = load<usize>(runqSlot(pp, head));
    let last = changetype<G>(first);
    // The links are written before the goroutines are ours; that is harmless only once they are, so claim them first.
    if (atomic.cmpxchg<u32>(addressOf(pp.runqhead), head, head + n) != head) continue;
    for (let i: u32 = 1; i < n; i++) {
      // The claimed slots stay as they are until the owner, this thread, stores past them.
      const it = changetype<G>(load<usize>(runqSlot(pp, head + i)));
      last.schedlink = it;
      last = it;
    }
    last.schedlink = gp;
    gp.schedlink = null;
    globrunqputBatch(changetype<G>(first), gp, n + 1);
    return;
  }
}

/** Takes runnext. Owner only. */
@inline
export function runnextget(pp: P): G | null {
  const next = pp.runnext; // only the owner makes it non-zero: zero is certain
  if (next == 0) return null;
  if (solo()) {
    pp.runnext = 0;
    return changetype<G>(next);
  }
  if (atomic.cmpxchg<usize>(addressOf(pp.runnext), next, 0) == next) return changetype<G>(next);
  return null;
}

/** Takes the first goroutine of the ring. Owner only. */
@inline
export function runqget(pp: P): G | null {
  while (true) {
    const head = atomic.load<u32>(addressOf(pp.runqhead));
    if (head == pp.runqtail) return null;
    const gp = load<usize>(runqSlot(pp, head));
    if (solo()) {
      pp.runqhead = head + 1;
      return changetype<G>(gp);
    }
    if (atomic.cmpxchg<u32>(addressOf(pp.runqhead), head, head + 1) == head) return changetype<G>(gp);
  }
}

/**
 * A goroutine in the runnext of a P that runs has most likely been made ready by the one that runs there, which is about to
 * park, or to want back what it has just let go of, a mutex say. To take it at once would have the two threads
 * pass goroutines and what those use to and fro. So the thief waits a little; false if it is not there any more.
 */
function stillNext(victim: P, next: usize): bool {
  if (atomic.load<u32>(addressOf(victim.status)) != PStatus.Running) return true;
  nap(RUNNEXT_PATIENCE);
  return atomic.load<usize>(addressOf(victim.runnext)) == next;
}

/**
 * Steals half of `victim`'s goroutines: one is returned, the others go to the end of `pp`'s ring. `stealNext` allows taking
 * runnext when there is nothing else. Owner of `pp`.
 */
export function runqsteal(pp: P, victim: P, stealNext: bool): G | null {
  const tail = pp.runqtail;
  if (CHECKED) check(pp.runqhead == tail, "who steals has an empty ring");
  let n: u32;
  while (true) {
    const head = atomic.load<u32>(addressOf(victim.runqhead));
    const vtail = atomic.load<u32>(addressOf(victim.runqtail));
    n = vtail - head;
    n = n - n / 2;
    if (n == 0) {
      if (!stealNext) return null;
      const next = atomic.load<usize>(addressOf(victim.runnext));
      if (next == 0) return null;
      if (!stillNext(victim, next)) return null; // not again: a pair that readies each other may go on for ever
      if (atomic.cmpxchg<usize>(addressOf(victim.runnext), next, 0) != next) continue;
      return changetype<G>(next);
    }
    if (n > RUNQ_LENGTH / 2) continue; // head and tail were read too far apart
    // Slots past pp's tail are free: pp's ring is empty whenever its owner steals.
    for (let i: u32 = 0; i < n; i++) {
      store<usize>(runqSlot(pp, tail + i), load<usize>(runqSlot(victim, head + i)));
    }
    if (atomic.cmpxchg<u32>(addressOf(victim.runqhead), head, head + n) == head) break;
  }
  n--;
  const gp = changetype<G>(load<usize>(runqSlot(pp, tail + n)));
  if (n != 0) atomic.store<u32>(addressOf(pp.runqtail), tail + n);
  return gp;
}
