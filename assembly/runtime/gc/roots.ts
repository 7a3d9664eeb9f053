/**
 * The roots: every place outside an object's own typed fields that refers to objects. Who adds a place adds it here, or to the
 * visitor of its class (`__visit`).
 *
 * | what | where | how it is found |
 * | --- | --- | --- |
 * | module variables | cells in static memory | `__visit_globals`, which the compiler generates |
 * | goroutines that have begun | the frames saved in `G.stack`; a value on its way, in its waiter; what it waits for | word by word |
 * | goroutines that have not | the task, in the G or a record | word by word |
 * | every goroutine | `netError`, `once` and what encloses that, `sleepTimer` | by name |
 * | timers that are set | the heap of each P | by name; what a timer has is told by its visitor |
 * | operations of JavaScript | their records: the value, the Select, the waiter | word by word |
 * | descriptors | the timers of their deadlines | by name. (The NetFD that a PollDesc serves is not one: see `weak.ts`) |
 * | objects of JavaScript (`HostObject.target`), `__pin` | the table of pins | by name |
 * | bytes that JavaScript is about to send | `M.held` | by name |
 * | what cleanups are to do | their tasks | by name |
 *
 * Not roots, for they are reached from these: channels' values, select cases, tasks of Once, Pool, afterFunc and of an event loop's
 * handles, the connections of a loop of serve: each class has a visitor or typed fields.
 *
 * The native stacks of threads hold no references when the world is stopped: who has a P has given it up on g0; a goroutine that makes
 * a blocking call was unwound before (`hostCall`); code inside `blocking` is waited for; threads without a P are outside of the gate.
 */
import { CHECKED, check } from "../base/checked";
import { visitOperations } from "../js/operation";
import { PollDesc } from "../net/polldesc";
import { timerOf } from "../goroutine/timers";
import { Deferral } from "../sync/deferral";
import { allm, allp, G, GKind, GStatus, ownTask, sched, TASK_ROOM, waiterOf } from "../../abi";
import { IO_M, SYSMON_M } from "../../layout";
import { blockOf, mallocSize } from "../memory/malloc";
import { markObject, markWord, scanWords } from "../memory/mark";
import { visitPins } from "../memory/pins";
import { visitCleanups } from "./weak";

export function markRoots(): void {
  __visit_globals(0);
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    markGoroutine(gp);
    gp = gp.alllink;
  }
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    for (let k = 0; k < pp.timersLength; k++) markObject(changetype<usize>(timerOf(pp, k)));
  }
  for (let at = sched.allPollDescs; at != 0; at = changetype<PollDesc>(at).alllink) {
    const pd = changetype<PollDesc>(at);
    if (pd.rt != 0) markObject(pd.rt);
    if (pd.wt != 0) markObject(pd.wt);
  }
  for (let id = 0; id <= sched.mids; id++) markHeld(id);
  markHeld(SYSMON_M);
  markHeld(IO_M);
  visitOperations();
  visitPins();
  visitCleanups();
}

function markHeld(id: i32): void {
  const held = allm(id).held;
  if (held != 0) markObject(held);
}

function markGoroutine(gp: G): void {
  // It is used again by the next goroutine in this G.
  if (gp.sleepTimer != 0) markObject(gp.sleepTimer);
  const status = gp.status;
  if (status == GStatus.Idle || status == GStatus.Dead) return;
  // Its program is over: it never runs again.
  if (gp.kind == GKind.Program && gp.epoch != sched.epoch) return;
  if (gp.netError != 0) markObject(gp.netError);
  for (let once = gp.once; once != 0; once = changetype<Deferral>(once).outer) markObject(once);
  if (gp.kind == GKind.Js) return;
  if (gp.stackTop != 0) {
    scanWords(gp.stack, gp.stackTop);
    markWord(<usize>waiterOf(gp).elem);
    if (status == GStatus.Waiting) markWord(gp.waitOn);
    return;
  }
  if (CHECKED) check(status == GStatus.Runnable, "in a stopped world no goroutine has frames that are not saved");
  const task = gp.task;
  if (task == ownTask(gp)) {
    scanWords(task, task + TASK_ROOM);
    return;
  }
  markWord(task);
  // The record of a call of the host's.
  if (blockOf(task) == task) scanWords(task, task + mallocSize(task));
}
