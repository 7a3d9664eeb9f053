/** When nothing can ever run again: finding out, and saying what each goroutine waits for. On g0. */
import { describe } from "../debug/dump";
import { objectCount } from "../js/object";
import { unlock } from "../base/lock";
import { enterCore } from "./gate";
import { netpollAnyWaiters } from "../net/polldesc";
import { throwFatal } from "../base/panic";
import { MainState, sched, addressOf } from "../../abi";
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
