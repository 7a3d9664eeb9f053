/**
 * Asking for a leak report: at the end of a program (`SKEIN_DEBUG=leaks=1`), or at any moment (`rt.leaks()`).
 *
 * On a goroutine, but for `requestLeaks`.
 */
import { textOf, writeError } from "../debug/dump";
import { asReport, describeSome, isDescribed, leakedGoroutines } from "../debug/leaks";
import { pushNote } from "../js/mailbox";
import { gosched, startHosted } from "./proc";
import { tryWorld } from "../sched/world";
import { enterCore, leaveCore } from "../sched/gate";
import { NoteKind, Survey } from "../../abi";
import { awaitSurvey } from "./memory";

/** Prints the goroutines that are leaked, if there are any. */
export function printLeaks(): void {
  const text = leakReport();
  if (text.length > 0) writeError(text);
}

/** Has the goroutines that are leaked listed in a note of the kind Leaks. On the main thread, which gets it. */
@host
export function requestLeaks(): void {
  const entered = enterCore();
  startHosted(leaksgo.index, 0);
  if (entered) leaveCore();
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
