/** When nothing can ever run again: finding out, and saying what each goroutine waits for. */
import { schedLock } from "./globrunq";
import { unlock } from "./lock";
import { throwFatal } from "./panic";
import { G, GStatus, MainState, WaitReason, sched } from "./structs";
import { timeSleepUntil } from "./time";

/**
 * Called with sched.lock held, when an M has put itself on the idle list. Deadlocked is a program whose goroutine 1 has
 * begun and not ended, all of whose Ms are idle (an M being started, spinning or waiting for a timer is not), with nothing
 * queued and no timer set. Then no goroutine can be running, so none can make another ready.
 */
export function checkdead(): void {
  if (sched.main == MainState.None || sched.nmidle != sched.mcount) return;
  if (sched.runqSize != 0 || sched.timerM != 0 || timeSleepUntil() != 0) return;
  const exited = sched.main == MainState.Exited;
  const all = goroutines();
  unlock(schedLock());
  if (exited && all.length == 0) {
    throwFatal("no goroutines (main called runtime.Goexit) - deadlock!");
  }
  throwFatal("all goroutines are asleep - deadlock!\n" + all);
}

/** Each goroutine that waits and what for, main first, then by number. */
function goroutines(): string {
  const waiting = new Array<G>();
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (gp.status == GStatus.Waiting && gp.epoch == sched.epoch && !gp.system) waiting.push(gp);
    gp = gp.alllink;
  }
  waiting.sort((a, b) => (a.id < b.id ? -1 : 1));
  let text = "";
  for (let i = 0; i < waiting.length; i++) {
    const it = waiting[i];
    text += "\ngoroutine " + it.id.toString() + " [" + waitReasonText(it.waitReason) + "]:\n";
  }
  return text;
}

/** Go's words for a wait reason. */
export function waitReasonText(reason: u8): string {
  switch (reason) {
    case WaitReason.ChanReceive: return "chan receive";
    case WaitReason.ChanSend: return "chan send";
    case WaitReason.Select: return "select";
    case WaitReason.SelectNoCases: return "select (no cases)";
    case WaitReason.MutexLock: return "sync.Mutex.Lock";
    case WaitReason.RWMutexLock: return "sync.RWMutex.Lock";
    case WaitReason.RWMutexRLock: return "sync.RWMutex.RLock";
    case WaitReason.WaitGroupWait: return "sync.WaitGroup.Wait";
    case WaitReason.CondWait: return "sync.Cond.Wait";
    case WaitReason.Semacquire: return "semacquire";
    case WaitReason.Sleep: return "sleep";
    case WaitReason.ChanReceiveNil: return "chan receive (nil chan)";
    case WaitReason.ChanSendNil: return "chan send (nil chan)";
    default: return "waiting";
  }
}
