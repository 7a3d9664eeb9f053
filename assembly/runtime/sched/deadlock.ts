/**
 * When nothing can ever run again: finding out, and saying what each goroutine waits for. On g0, but `stuck` and `mainIsStuck`, which the
 * main thread calls.
 *
 * A program of the command line's is judged by the core alone, as Go judges (`checkdead`). Where the host's JavaScript has made channels
 * and locks it may wake anybody, so all its threads have to be known to wait. One that blocks for an operation says for which. What goes
 * on in an event loop only that can tell: it is asked, and sets `idleLoop` when it finds that nothing of anybody's keeps it alive; and
 * the main thread finds out the same of its own before it sets `mainStuck`. Then an M is woken, and looks once more, under sched.lock, as it
 * becomes idle. Whatever wakes a thread is seen there: it changes `park`, fills a mailbox, ends an operation, or queues something,
 * before it is done. What is left is what keeps no event loop alive and acts all the same, such as a timer without reference: the host
 * sets nothing while it knows of any such thing.
 */
import { describe, describeOperations } from "../debug/dump";
import { post } from "../js/mailbox";
import { objectCount } from "../js/object";
import { blockedFor } from "../js/operation";
import { lock, unlock } from "../base/lock";
import { enterCore } from "./gate";
import { malloc } from "../memory/malloc";
import { startIdle } from "./mp";
import { netpollAnyWaiters } from "../net/polldesc";
import { throwFatal } from "../base/panic";
import { InLoop, M, MainState, Note, NoteKind, Park, Stuck, allm, sched, addressOf } from "../../abi";
import { loadSpinning } from "./spinning";
import { timeSleepUntil } from "../goroutine/time";

/**
 * Called with sched.lock held, when an M has put itself on the idle list. Deadlocked is a program whose goroutine 1 has
 * begun and not ended, all of whose Ms are idle (an M being started or spinning is not), with nothing queued, no timer
 * set, and nobody waiting for the network. Then no goroutine can be running, so none can make another ready.
 *
 * The timer M counts as idle, and may wake up just then, find no timers any more, and come here too. Only one M may look at the
 * goroutines: to read a stack is to rewind it.
 */
export function checkdead(): void {
  // The timer M sleeps on when the timers that it waits for are stopped.
  const asleep = sched.nmidle + sched.nmlocked + (sched.timerM != 0 ? 1 : 0);
  if (sched.main == MainState.None || asleep != sched.mlive || sched.isDead) return;
  if (objectCount() != 0) return; // JavaScript may wake anybody
  if (sched.runqSize != 0 || timeSleepUntil() != 0 || netpollAnyWaiters()) return;
  const exited = sched.main == MainState.Exited;
  sched.isDead = true;
  unlock(addressOf(sched.lock));
  enterCore();
  const all = describe(true);
  if (exited && all.length == 0) {
    throwFatal("no goroutines (main called runtime.Goexit) - deadlock!");
  }
  throwFatal("all goroutines are asleep - deadlock!\n" + all);
}

/** The same, where the main thread has said that it waits for nothing else. `self` is about to become idle. */
export function checkStuck(self: M): void {
  sched.mainStuck = false;
  if (sched.isDead || !isStill(self)) return;
  for (let id = 1; id <= sched.mcount; id++) {
    const mp = allm(id);
    if (mp != self && isInLoop(mp) && atomic.load<i32>(addressOf(mp.idleLoop)) == 0) return;
  }
  sched.isDead = true;
  unlock(addressOf(sched.lock));
  enterCore();
  throwFatal("all goroutines are asleep - deadlock!\n" + describe(false) + describeOperations());
}

/** Whether no M runs or can come to run anything but what comes out of event loops; `self` is taken not to. Under sched.lock. */
function isStill(self: M | null): bool {
  if (sched.runqSize != 0 || sched.attention != 0 || loadSpinning() != 0) return false;
  if (timeSleepUntil() != 0 || netpollAnyWaiters() || atomic.load<usize>(addressOf(allm(0).mail)) != 0) return false;
  let asleep = sched.nmidle + sched.nmlocked;
  for (let id = 1; id <= sched.mcount; id++) {
    const mp = allm(id);
    if (mp == self) {
      asleep++;
    } else if (isInLoop(mp)) {
      if (atomic.load<usize>(addressOf(mp.mail)) != 0) return false;
      asleep++;
    } else if (blockedFor(mp)) {
      asleep++;
    } else if (sched.timerM == changetype<usize>(mp) && mp.inLoop == InLoop.No) {
      asleep++;
    }
  }
  return asleep == sched.mlive;
}

/** Whether an M's thread is in its event loop, and nobody has woken it. */
function isInLoop(mp: M): bool {
  return mp.inLoop == InLoop.Wait && !mp.lockedg && atomic.load<i32>(addressOf(mp.park)) == Park.Parked;
}

/** One of Stuck: whether anything but the main thread can ever run again. Event loops of which that is not known are asked, if `asks`. */
@host
export function stuck(asks: bool): i32 {
  lock(addressOf(sched.lock));
  const isStuck = !sched.isDead && isStill(null);
  unlock(addressOf(sched.lock));
  if (!isStuck) return Stuck.No;
  let answer = Stuck.Yes;
  for (let id = 1; id <= sched.mcount; id++) {
    const mp = allm(id);
    if (!isInLoop(mp) || atomic.load<i32>(addressOf(mp.idleLoop)) != 0) continue;
    answer = Stuck.Asked;
    if (!asks) continue;
    const note = malloc(offsetof<Note>());
    changetype<Note>(note).kind = NoteKind.Probe;
    post(mp, note);
  }
  return answer;
}

/** The main thread waits, and nothing else keeps the process alive: an M is to look whether that is a deadlock, and to report it. */
@host
export function mainIsStuck(): void {
  lock(addressOf(sched.lock));
  sched.mainStuck = true;
  unlock(addressOf(sched.lock));
  startIdle();
}
