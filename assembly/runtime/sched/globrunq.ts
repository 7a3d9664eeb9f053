/**
 * The global run queue: a list under `sched.lock`. It takes what overflows the Ps' rings, and what has no P.
 *
 * Any thread, on either stack: nothing here waits for more than a lock.
 */
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { holds } from "../base/lockrank";
import { wakeSysmonIfAsleep } from "./newm";
import { loadIdlePs } from "./spinning";
import { runqput } from "../goroutine/runq";
import { G, GStatus, P, RUNQ_LENGTH, sched, addressOf } from "../../abi";

/** Appends a goroutine. The caller holds sched.lock. */
export function globrunqput(gp: G): void {
  if (CHECKED)
    check(
      holds(addressOf(sched.lock)) && gp.status == GStatus.Runnable,
      "what is queued is runnable, and sched.lock is held",
    );
  gp.schedlink = null;
  const tail = sched.runqTail;
  if (tail) tail.schedlink = gp;
  else sched.runqHead = gp;
  sched.runqTail = gp;
  atomic.store<i32>(addressOf(sched.runqSize), sched.runqSize + 1);
}

/** The same for a single goroutine, from where the lock is not held. */
export function globrunqputOne(gp: G): void {
  lock(addressOf(sched.lock));
  globrunqput(gp);
  unlock(addressOf(sched.lock));
  wakeSysmonIfNoneIdle();
}

/** Appends `n` goroutines linked from `first` to `last`. Takes sched.lock. */
export function globrunqputBatch(first: G, last: G, n: i32): void {
  lock(addressOf(sched.lock));
  const tail = sched.runqTail;
  if (tail) tail.schedlink = first;
  else sched.runqHead = first;
  sched.runqTail = last;
  atomic.store<i32>(addressOf(sched.runqSize), sched.runqSize + n);
  unlock(addressOf(sched.lock));
  wakeSysmonIfNoneIdle();
}

/**
 * While all Ps that are not idle are in JavaScript functions, sysmon may be asleep (`entersyscallUnwatched`), and what was just queued waits
 * for it to take one of them away. Who goes into such a function has taken its P off the idle list, and then seen this queue empty; who
 * puts something here looks afterwards whether a P is idle. So one sees the other.
 */
@inline
function wakeSysmonIfNoneIdle(): void {
  if (loadIdlePs() == 0) wakeSysmonIfAsleep();
}

/** Length of the global queue, at some instant. Any thread, without the lock. */
@inline
export function globrunqsize(): i32 {
  return atomic.load<i32>(addressOf(sched.runqSize));
}

/**
 * Takes a fair share of the global queue for `pp`, at most `max` (0: half a ring): the first is returned, the others go to
 * pp's ring, which is empty unless `max` is 1: a full ring would spill to here. The caller holds sched.lock and pp.
 */
export function globrunqget(pp: P, max: i32): G | null {
  const size = sched.runqSize;
  if (CHECKED)
    check(holds(addressOf(sched.lock)) && (size != 0) == (sched.runqHead != null), "runqSize counts the global queue");
  if (CHECKED) check(max == 1 || pp.runqhead == pp.runqtail, "a share of the global queue goes to an empty ring");
  if (size == 0) return null;
  let n = size / sched.nprocs + 1;
  if (n > size) n = size;
  if (max > 0 && n > max) n = max;
  if (sched.gm != 0) n = 1;
  if (n > <i32>(RUNQ_LENGTH / 2)) n = <i32>(RUNQ_LENGTH / 2);
  atomic.store<i32>(addressOf(sched.runqSize), size - n);
  const gp = sched.runqHead!;
  let head = gp.schedlink;
  for (let i = 1; i < n; i++) {
    const it = head!;
    head = it.schedlink;
    runqput(pp, it, false);
  }
  sched.runqHead = head;
  if (!head) sched.runqTail = null;
  gp.schedlink = null;
  return gp;
}
