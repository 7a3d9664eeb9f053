/**
 * The leak report: the goroutines that the latest survey (`gc/survey.ts`) has found leaked, and the texts that show them.
 *
 * The stack of a goroutine is read by rewinding it, so it must not run. One that is leaked never does; but a program may have hidden a
 * reference from the collector, and wake it all the same. So stacks are read with the world stopped, some at a time; nobody prints
 * meanwhile.
 *
 * On a goroutine that has a P, which is not switched out here.
 */
import { nanotime } from "../base/clock";
import { describeOne, headOf } from "./dump";
import { SHOWN_MAX } from "../../layout";
import { G, GStatus, sched } from "../../abi";
import { startTheWorld, stopTheWorld } from "../sched/world";

/** How many stacks are read in one stop. */
const AT_ONCE: i32 = 16;

/** Those that are leaked, the oldest first. */
export function leakedGoroutines(): G[] {
  const list = new Array<G>();
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (gp.leaked && gp.status == GStatus.Waiting && gp.epoch == sched.epoch) list.push(gp);
    gp = gp.alllink;
  }
  return list.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Whether all of a list, or as many as are shown with their stacks, have been described. */
export function isDescribed(list: G[], parts: string[]): bool {
  return parts.length * AT_ONCE >= min(list.length, SHOWN_MAX);
}

/** Describes some more of a list. The caller has the right to stop the world; it goes on, and the right is gone. */
export function describeSome(list: G[], parts: string[]): void {
  const from = parts.length * AT_ONCE;
  let text = "";
  if (stopTheWorld()) {
    const now = nanotime();
    for (let i = from, end = min(from + AT_ONCE, min(list.length, SHOWN_MAX)); i < end; i++) {
      if (list[i].status == GStatus.Waiting) text += describeOne(list[i], now);
    }
    startTheWorld(sched.nprocs);
  }
  parts.push(text);
}

/** The whole report: of those that are not shown with their stacks, a line each. */
export function asReport(list: G[], parts: string[]): string {
  const n = list.length;
  if (n == 0) return "";
  const now = nanotime();
  for (let i = SHOWN_MAX; i < n; i++) parts.push(headOf(list[i], now).substring(1));
  const what = n == 1 ? " goroutine waits" : " goroutines wait";
  return "leaks: " + n.toString() + what + " for ever\n" + parts.join("");
}
