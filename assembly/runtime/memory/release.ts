/**
 * Giving free pages back to the system, so that a peak does not last. After Go's mgcscavenge.go.
 *
 * What the heap is about to grow to again, up to the collector's goal, stays, and a tenth more; what is free beyond that goes, a part at
 * a time, so that it takes a hundredth of a processor and keeps nobody waiting. sysmon's thread takes a part out of the page heap, tells the system, and puts
 * it back, marked (`pages.ts`): it is address space until somebody uses it, and the system then gives zeros.
 *
 * On sysmon's thread.
 */
import { RELEASE_LEAST, RELEASE_LOOK, RELEASE_PAGES, RELEASE_PAUSE } from "../../layout";
import { gc, sched, SysmonWish, WishShift } from "../../abi";
import { PAGE_BITS, putReleased, retainedPages, takeRetained } from "./pages";

/** Looks whether there is something to give back: what sysmon's thread is to do about it, 0 if nothing. */
export function releaseSome(now: i64): i32 {
  if (now < gc.nextRelease) return 0;
  gc.nextRelease = now + RELEASE_LOOK;
  const excess = retainedPages() - pagesToKeep();
  // It does not begin for a little, but goes on to the end.
  if (excess <= (gc.isReleasing ? 0 : RELEASE_LEAST)) {
    gc.isReleasing = false;
    return 0;
  }
  const n = takeRetained(min(excess, RELEASE_PAGES));
  if (n == 0) return 0;
  gc.nextRelease = now + RELEASE_PAUSE;
  gc.isReleasing = true;
  return SysmonWish.Release | (sched.releasing << WishShift.Number) | (n << WishShift.Pages);
}

/** Free pages that are to stay. */
function pagesToKeep(): i32 {
  const growth = gc.goal == i64.MAX_VALUE ? 0 : max<i64>(gc.goal - gc.heapLive, 0) >> PAGE_BITS;
  return <i32>(growth + (growth + sched.heapPages) / 10);
}

/** The thread has told the system, or cannot: then it is not asked again. */
@host
export function released(done: bool): void {
  putReleased(done);
  if (!done) gc.nextRelease = i64.MAX_VALUE;
}
