/**
 * Asking for a survey (`gc/survey.ts`): at the end of a program (`SKEIN_DEBUG=leaks=1,heapprofile=1`), or at any moment (`rt.leaks()`,
 * `rt.heapProfile()`).
 *
 * On a goroutine, but for the requests, which come from the main thread.
 */
import { textOf, writeError } from "../debug/dump";
import { asReport, describeSome, isDescribed, leakedGoroutines } from "../debug/leaks";
import { heapProfileText, makeTypeCounts } from "../debug/heapprofile";
import { initSampling } from "../memory/profile";
import { m } from "../base/registers";
import { pushNote } from "../js/mailbox";
import { gosched, startHosted } from "./proc";
import { tryWorld } from "../sched/world";
import { enterCore, leaveCore } from "../sched/gate";
import { gc, NoteKind, sched, Survey } from "../../abi";
import { awaitSurvey } from "./memory";
import { exitsyscall } from "./syscall";

/** The program is about to end: tells what was asked for. Who stops the world needs a P. */
export function lookBack(): void {
  if (sched.leaks == 0 && gc.sampling == 0) return;
  while (m.syscalls != 0) exitsyscall();
  if (gc.sampling != 0) profilego(1);
  if (sched.leaks == 0) return;
  const text = leakReport();
  if (text.length > 0) writeError(text);
}

/** Has the goroutines that are leaked listed in a note of the kind Leaks. */
@host
export function requestLeaks(): void {
  request(leaksgo.index);
}

/** Has the heap described in a note of the kind HeapProfile. */
@host
export function requestHeapProfile(): void {
  request(profilego.index);
}

/** Objects are sampled for that, one each `mean` bytes. On M0, before anything runs. */
@host
export function setHeapProfile(mean: i32): void {
  initSampling(mean);
}

function request(entry: i32): void {
  const entered = enterCore();
  startHosted(entry, 0);
  if (entered) leaveCore();
}

function profilego(atEnd: usize): void {
  makeTypeCounts();
  awaitSurvey(Survey.Types);
  pushNote(NoteKind.HeapProfile, atEnd, textOf(heapProfileText()));
}

function leaksgo(unused: usize): void {
  pushNote(NoteKind.Leaks, 0, textOf(leakReport()));
}

/** The goroutines that are leaked: how many, and each of them; empty if there are none. */
function leakReport(): string {
  awaitSurvey(Survey.Leaks);
  const list = leakedGoroutines();
  const parts = new Array<string>();
  while (!isDescribed(list, parts)) {
    while (!tryWorld()) gosched();
    describeSome(list, parts);
  }
  return asReport(list, parts);
}
