/**
 * What the specs need of a scheduler that does not run: a current M and G, and goroutines that exist only as structs. A
 * goroutine made ready goes to the global queue, since no M here holds a P; `takeReady` takes it from there.
 */
import { allm, allp, G, G_BYTES, GStatus, P, sched, Waiter, waiterOf } from "../../assembly/abi";
import { heapFirst, heapRemove } from "../../assembly/runtime/goroutine/timers";
import { setG, setM } from "../../assembly/runtime/base/registers";

/** Bytes of a P that the specs touch. */
const P_BYTES: usize = 4096;

/** Timers that P 0 has room for. */
const TIMERS = 256;

/** A goroutine that is parked. */
export function fakeG(id: i64): G {
  const ptr = heap.alloc(G_BYTES);
  memory.fill(ptr, 0, G_BYTES);
  const gp = changetype<G>(ptr);
  gp.id = id;
  gp.status = GStatus.Waiting;
  return gp;
}

/** Its waiter, with a value. */
export function fakeWaiter(id: i64, elem: u64 = 0): Waiter {
  const gp = fakeG(id);
  const w = waiterOf(gp);
  w.g = gp;
  w.elem = elem;
  return w;
}

/** A P of its own memory, with room for `capacity` timers. */
export function fakeP(id: i32, capacity: i32): P {
  const ptr = heap.alloc(P_BYTES);
  memory.fill(ptr, 0, P_BYTES);
  const pp = changetype<P>(ptr);
  pp.id = id;
  pp.timers = heap.alloc((<usize>capacity) << 4);
  pp.timersCap = capacity;
  return pp;
}

/** Makes a fresh goroutine, number 1, the current one of M 0. */
export function reset(): void {
  const mp = allm(0);
  mp.rand = 1;
  setM(mp);
  setG(fakeG(1));
  sched.nprocs = 1;
  sched.runqHead = null;
  sched.runqTail = null;
  sched.runqSize = 0;
  const pp = allp(0);
  if (pp.timers == 0) {
    pp.timers = heap.alloc(TIMERS << 4);
    pp.timersCap = TIMERS;
  }
  while (pp.timersLength != 0) heapRemove(pp, heapFirst(pp));
}

/** The number of the goroutine that was made ready first of those not taken yet; 0 if there is none. */
export function takeReady(): i64 {
  const gp = sched.runqHead;
  if (!gp) return 0;
  sched.runqHead = gp.schedlink;
  if (!gp.schedlink) sched.runqTail = null;
  sched.runqSize--;
  return gp.id;
}
