/**
 * Asking for a collection. Nobody collects where he allocates: a function that is never switched out may hold references in a native frame
 * that nobody can see. The request is seen by an M that schedules (`findRunnable`), and who asked gives way at his next safepoint.
 *
 * Any thread, on either stack; with locks held, so it takes none.
 */
import { m } from "../base/registers";
import { addressOf, Attention, sched } from "../../abi";

export function requestGc(): void {
  const attention = addressOf(sched.attention);
  if ((atomic.load<i32>(attention) & Attention.Gc) != 0) return;
  atomic.or<i32>(attention, Attention.Gc);
  // A thread without a P has somebody woken once it holds no locks (`leaveCore`), or comes back to its P soon.
  const mp = m;
  if (mp.p && mp.preempt == 0) mp.preempt = 1;
}
