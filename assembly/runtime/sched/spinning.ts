/**
 * Ms that spin: they have no goroutine and look for one, before they sleep. `sched.nmspinning` counts them, and those that have been
 * woken to; at most half as many as there are busy Ps spin. Any thread, either stack: nothing here waits.
 *
 * One verb to begin and one to cease, by the M itself; `countSpinner` and `uncountSpinner` are for who wakes an M: it counts the M
 * first, so that nobody else wakes another, and hands the count over with the P (`startm`), or takes it back.
 */
import { CHECKED, check } from "../base/checked";
import { m } from "../base/registers";
import { sched, addressOf } from "../../abi";


@inline
export function loadSpinning(): i32 {
  return atomic.load<i32>(addressOf(sched.nmspinning));
}


@inline
export function loadIdlePs(): i32 {
  return atomic.load<i32>(addressOf(sched.npidle));
}

/** This M begins to look for work. */
export function startSpinning(): void {
  if (CHECKED) check(!m.spinning && m.p != null, "an M that begins to spin has a P and did not spin");
  m.spinning = true;
  atomic.add<i32>(addressOf(sched.nmspinning), 1);
}

/** This M ceases to. What was queued before the count went down, its waker relied on this M: so it looks once more afterwards. */
export function stopSpinning(): void {
  if (CHECKED) check(m.spinning, "an M that ceases to spin did spin");
  m.spinning = false;
  uncountSpinner();
}

/** Counts an M that is about to be woken, unless one spins already. */
@inline
export function countSpinner(): bool {
  return atomic.cmpxchg<i32>(addressOf(sched.nmspinning), 0, 1) == 0;
}

/** It is not woken after all, or for something else. */
export function uncountSpinner(): void {
  const was = atomic.sub<i32>(addressOf(sched.nmspinning), 1);
  if (CHECKED) check(was > 0, "nmspinning is never negative");
}
