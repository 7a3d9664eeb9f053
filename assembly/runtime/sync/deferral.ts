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

export namespace DeferralKind {
  export const Once: u32 = 0;
  export const Pool: u32 = 1;
}

/** Something whose call a goroutine may be in. */
export class Deferral {
  /** One of DeferralKind. */
  kind: u32;
  /** The Deferral in whose call this one's is made, or 0. */
  outer: usize;
}

/** A goroutine has ended: ends the calls that it was in, innermost first. On the scheduler's stack, with a P. */
export function runDeferrals(gp: G): void {
  while (gp.once != 0) {
    const it = changetype<Deferral>(gp.once);
    gp.once = it.outer;
    if (it.kind == DeferralKind.Once) onceAbandoned(changetype<Once>(changetype<usize>(it)));
    else poolAbandoned(changetype<Pool>(changetype<usize>(it)));
  }
}
