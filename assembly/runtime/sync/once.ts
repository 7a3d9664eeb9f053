/**
 * Once: a call made once, however many goroutines ask for it; the others wait until it has been made.
 *
 * `finished` is set, and the mutex released, when the call returns, or the goroutine ends inside it (goexit, or a panic that
 * the host contains): as in Go, that counts as made (see `deferral.ts`).
 *
 * Ordering: `finished` is stored and loaded atomically, so whoever sees it set sees what the call has written.
 *
 * On a goroutine; `onceAbandoned` on g0.
 */
import { g } from "../base/registers";
import { WaitReason, addressOf } from "../../abi";
import { freeTask, runTask, Task } from "../goroutine/task";
import { shadeObject } from "../memory/mark";
import { Deferral, DeferralKind } from "./deferral";
import { nilCheck } from "../base/nil";
import { Mutex, mutexLock, mutexRelease, mutexUnlock } from "./mutex";

/** Makes one call, once. A call that calls `do` of the same Once waits for itself. */
export class Once extends Deferral {
  finished: u32;
  /** Held by the goroutine that makes the call. */
  mutex: Mutex = new Mutex();

  constructor() {
    super();
    this.kind = DeferralKind.Once;
  }


  @unsafe private __visit(cookie: u32): void {
    __visit(changetype<usize>(this.mutex), cookie);
    if (this.outer) __visit(this.outer, cookie);
  }

  /** Makes the call if this is the first; else waits until the first has returned. */
  do(task: Task): void {
    nilCheck(changetype<usize>(this));
    if (atomic.load<u32>(addressOf(this.finished)) != 0) {
      freeTask(changetype<usize>(task));
      return;
    }
    doSlow(this, task);
  }
}

function doSlow(once: Once, task: Task): void {
  mutexLock(once.mutex, WaitReason.MutexLock);
  if (once.finished != 0) {
    mutexUnlock(once.mutex);
    freeTask(changetype<usize>(task));
    return;
  }
  shadeObject(g.once);
  once.outer = g.once;
  g.owes = true;
  g.once = changetype<usize>(once);
  runTask(task);
  g.once = once.outer;
  atomic.store<u32>(addressOf(once.finished), 1);
  mutexUnlock(once.mutex);
}

/** The goroutine has ended inside the call. On the scheduler's stack, so nothing here yields. */
export function onceAbandoned(once: Once): void {
  atomic.store<u32>(addressOf(once.finished), 1);
  mutexRelease(once.mutex);
}
