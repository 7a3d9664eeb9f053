/**
 * What is left to do if a goroutine ends inside a call: a little of Go's `defer`, for the core's own use.
 *
 * `Once` and `Pool` make calls on behalf of others, who must learn that such a call is over even if it does not return: it
 * may end its goroutine (goexit), or panic where the host contains that. So a goroutine has a list of the calls it is in,
 * `g.once` the innermost, each linked to the next by `outer`. A Pool's is always the last: it is what the goroutine is for.
 * Only the goroutine itself changes its list, and the scheduler once it has ended.
 *
 * On the goroutine itself; `runDeferrals` on g0, for one that has ended.
 */
import { G } from "../../abi";
import { Once, onceAbandoned } from "./once";
import { Pool, poolAbandoned } from "./pool";

/** What an entry of the list is; of a deferred call it is the table index of its thunk. */
export namespace DeferralKind {
  export const Once: u32 = 0xffff_ffff;
  export const Pool: u32 = 0xffff_fffe;
  export const Attempt: u32 = 0xffff_fffd;
  export const Running: u32 = 0xffff_fffc;
}

/** Something whose call a goroutine may be in. Records of deferred calls, and those of `unwind.ts`, begin in the same way. */
export class Deferral {
  /** One of DeferralKind. */
  kind: u32;
  /** The entry that this one was put before, or 0. */
  outer: usize;
}


@inline
export function isCall(it: Deferral): bool {
  return it.kind < DeferralKind.Running;
}

/** A goroutine has ended: ends the calls that it was in, innermost first. On the scheduler's stack, with a P. */
export function runDeferrals(gp: G): void {
  while (gp.once != 0) {
    const it = changetype<Deferral>(gp.once);
    gp.once = it.outer;
    if (it.kind == DeferralKind.Once) onceAbandoned(changetype<Once>(changetype<usize>(it)));
    else if (it.kind == DeferralKind.Pool) poolAbandoned(changetype<Pool>(changetype<usize>(it)));
  }
}
