/**
 * Code of the program's that runs without a P: what `blocking` is given. Its frames are on a native stack, so the collector has to wait until
 * it is switched out, which ends the blocking call as far as the M is concerned.
 *
 * `M.inUser` is set, and `gc.users` counted, by the M before it gives up its P; both are taken back once its frames are gone, or it has
 * a P again. So whoever has stopped the world sees in `gc.users` everybody who is still inside.
 */
import { futexsleep } from "../base/lock";
import { m } from "../base/registers";
import { addressOf, allm, M, ProgramState, sched, gc } from "../../abi";

const LOOK_AGAIN: i64 = 100_000;

/** Before the P is given up. */
export function enterUser(): void {
  m.inUser = true;
  atomic.add<i32>(addressOf(gc.users), 1);
}

/** With a P again, or on g0. */
export function leaveUser(mp: M): void {
  mp.inUser = false;
  atomic.sub<i32>(addressOf(gc.users), 1);
  atomic.notify(addressOf(gc.users), 1);
}

/** Waits until nobody is inside; false if the program is over. */
export function awaitUsers(): bool {
  while (true) {
    const left = atomic.load<i32>(addressOf(gc.users));
    if (left == 0) return true;
    if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return false;
    for (let id = 1; id <= sched.mcount; id++) if (allm(id).inUser) allm(id).preempt = 1;
    futexsleep(addressOf(gc.users), left, LOOK_AGAIN);
  }
}
