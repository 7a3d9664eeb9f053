/**
 * Surveys: a mark of everything reachable, apart from any collection and in one stop, that frees nothing, for who wants to know
 * something of what is there. With the collector's own marking; the bits are cleared again before the world goes on.
 *
 * Leaks. A goroutine is *leaked* if it waits for what only another goroutine could do, and nothing else reaches what that would be done
 * to: a channel, a lock. It can never run again. After the goroutine leak profile of Go (Saioc et al., "Dynamic Partial Deadlock
 * Detection and Recovery via Garbage Collection", 2025).
 *
 * At first every goroutine that waits so is taken for leaked, and is no root; all else that a collection begins with is. An object
 * that goroutines wait for has their queue inside; so when its visitor is called, because the mark has come there, those in the queue may be
 * woken (`visitWaiters`): they are leaked no more, and are scanned as work of the same mark. When no work is left those that remain are
 * leaked: the way from whoever could wake one of them would have led through a root or a goroutine that can run, and so through the mark.
 * That is one pass, however long the chains are in which goroutines wait for each other; each goroutine is scanned once.
 *
 * A WeakRef counts as a reference for that: what only leaked goroutines and WeakRefs refer to is never cleared, for the leaked goroutines
 * keep it, and so it may be taken from the WeakRef and used.
 *
 * Types. All that is marked, the leaked goroutines' included, is counted by its class (`debug/heapprofile.ts`).
 *
 * What is found of leaks errs on one side. A word in a frame that looks like a reference, a cleanup whose object never goes, and all that
 * JavaScript holds, count as if somebody could wake the goroutine through them. What is named leaked is leaked, unless the program hides references
 * from the collector.
 *
 * On g0, with a P, with the world stopped, the gate closed, caches flushed, and everything swept.
 */
import { CHECKED, check } from "../base/checked";
import { countTypes } from "../debug/heapprofile";
import { allp, G, gc, GKind, GStatus, sched, Survey, WaitReason } from "../../abi";
import { clearMarks, drainAll } from "../memory/mark";
import { cellOf } from "../memory/objects";
import { gatherGrey, gatherRan } from "../memory/work";
import { markFixedRoots, markTimers, scanAll, scanGoroutine, scanRan } from "./roots";
import { markWeakTargets } from "./weak";

/** Finds out what those who wait for this cycle want to know. */
export function survey(): void {
  const wanted = gc.surveys;
  gc.surveys = 0;
  gc.lost = 0;
  if ((wanted & Survey.Leaks) != 0) {
    takeAllForLeaked();
    gc.surveying = 1;
  }
  markFixedRoots();
  for (let i = 0; i < sched.nprocs; i++) markTimers(allp(i));
  if (gc.surveying != 0) {
    scanOthers();
    do markRest();
    while (markWeakTargets());
    gc.surveying = 0;
  }
  if ((wanted & Survey.Types) != 0) {
    scanAll();
    markRest();
    countTypes();
  }
  clearMarks();
}

/** All that wait are known before any is found to be reachable. */
function takeAllForLeaked(): void {
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    gp.leaked = waitsForOthers(gp);
    gp = gp.alllink;
  }
}

/** Scans those that are not taken for leaked. */
function scanOthers(): void {
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (!gp.leaked) scanGoroutine(gp, true);
    gp = gp.alllink;
  }
}

/** Until nothing is left, of those that may be woken, and of what some thread without a P had locked. */
function markRest(): void {
  do {
    gatherGrey();
    if (gc.lost != 0) scanOthers(); // some that may be woken are not among the work
    gc.lost = 0;
    scanRan(true);
    drainAll();
    gatherRan();
  } while (gc.ran != 0 || gc.orphanGrey != 0 || gc.lost != 0);
}

/** Whether a goroutine of the program waits for what only another one can do; who sleeps, or waits for the network, is woken anyway. */
function waitsForOthers(gp: G): bool {
  if (gp.status != GStatus.Waiting || gp.kind != GKind.Program || gp.epoch != sched.epoch) return false;
  switch (gp.waitReason) {
    case WaitReason.ChanReceiveNil:
    case WaitReason.ChanSendNil:
    case WaitReason.SelectNoCases:
      return true;
    case WaitReason.ChanReceive:
    case WaitReason.ChanSend:
    case WaitReason.Select:
    case WaitReason.MutexLock:
    case WaitReason.RWMutexLock:
    case WaitReason.RWMutexRLock:
    case WaitReason.WaitGroupWait:
    case WaitReason.CondWait:
    case WaitReason.Semacquire:
      if (CHECKED) check(cellOf(gp.waitOn) != 0, "what goroutines wait for is an object");
      return true;
    default:
      return false;
  }
}
