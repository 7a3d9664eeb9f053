/**
 * `SKEIN_DEBUG=leaks=1`: when the program ends, the goroutines that could never have gone on, because they wait for something
 * that nobody else holds.
 *
 * With the world stopped, everything that could still be used is marked: from module variables, timers, and goroutines that
 * can run, through all that they refer to. A goroutine that waits for something marked may be woken, so what it refers to
 * is marked as well, until nothing changes. What then still waits for something unmarked is leaked. After the
 * leak detection of Go's own garbage collector (Saioc et al., "Dynamic Partial Deadlock Detection and Recovery via Garbage
 * Collection", 2025).
 *
 * References are found conservatively: any aligned word that is an address inside a block counts. So a leak may be missed
 * for the sake of a number that looks like an address, but nothing is reported that is not one.
 *
 * On the goroutine that ends the program, with a P.
 */
import { STATIC_BASE } from "../../layout";
import { nanotime } from "../base/clock";
import { describeOne, writeError } from "./dump";
import { blockOf, mallocSize } from "../memory/malloc";
import { g } from "../base/registers";
import { G, GStatus, WaitReason, allm, allp, gc, ownTask, sched, TASK_ROOM, waiterOf } from "../../abi";
import { startTheWorld, stopTheWorld, tryWorld } from "../sched/world";

/**
 * Blocks that are in use, by address, and those of them that have not been looked through yet. Gs are never among them: a
 * queue refers to the goroutines in it, but does not keep them going. Nor are the Ms' scratch buffers, full of old frames, and the
 * collector's tables, which know where the free cells of a span are.
 */
class Marks {
  private seen: Set<usize> = new Set<usize>();
  private pending: Array<usize> = [];
  private excluded: Set<usize> = new Set<usize>();

  constructor() {
    let gp = changetype<G | null>(sched.allgs);
    while (gp) {
      this.excluded.add(changetype<usize>(gp));
      gp = gp.alllink;
    }
    for (let id = 1; id <= sched.mcount; id++) this.excluded.add(allm(id).scratch);
    this.excluded.add(gc.marks);
  }

  has(address: usize): bool {
    return this.seen.has(blockOf(address));
  }

  /** Marks the block at an address, if there is one. */
  mark(address: usize): void {
    const block = blockOf(address);
    if (block == 0 || this.seen.has(block) || this.excluded.has(block)) return;
    this.seen.add(block);
    this.pending.push(block);
  }

  /** Marks all that the words in [from, to) point to. */
  scan(from: usize, to: usize): void {
    for (let at = from; at + sizeof<usize>() <= to; at += sizeof<usize>()) this.mark(load<usize>(at));
  }

  /** Looks through everything marked. */
  drain(): void {
    while (this.pending.length > 0) {
      const block = this.pending.pop();
      this.scan(block, block + mallocSize(block));
    }
  }
}

/** Prints the leaked goroutines. By a goroutine that has a P, when the program is about to end. */
export function reportLeaks(): void {
  if (!tryWorld()) return;
  stopTheWorld();
  const leaked = findLeaks();
  const now = nanotime();
  if (leaked.length > 0) writeError("leaks: " + leaked.length.toString() + " goroutines wait for ever\n");
  for (let i = 0; i < leaked.length; i++) writeError(describeOne(leaked[i], now));
  startTheWorld(sched.nprocs);
}

function findLeaks(): G[] {
  const marks = new Marks();
  marks.scan(STATIC_BASE, sched.heapBase);
  for (let i = 0; i < sched.nprocs; i++) marks.mark(allp(i).timers);
  let waiting = new Array<G>();
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (gp != g && gp.epoch == sched.epoch) {
      if (isStuck(gp)) waiting.push(gp);
      else if (gp.status == GStatus.Runnable || gp.status == GStatus.Waiting) markGoroutine(marks, gp);
    }
    gp = gp.alllink;
  }
  marks.drain();
  for (let before = -1; before != waiting.length;) {
    before = waiting.length;
    const rest = new Array<G>();
    for (let i = 0; i < before; i++) {
      const it = waiting[i];
      if (mayBeWoken(marks, it)) markGoroutine(marks, it);
      else rest.push(it);
    }
    marks.drain();
    waiting = rest;
  }
  return waiting.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Does it wait for what only another goroutine can do? A sleeper wakes by itself, and the network wakes who waits for it. */
function isStuck(gp: G): bool {
  const reason = gp.waitReason;
  return gp.status == GStatus.Waiting && reason != WaitReason.Sleep && reason != WaitReason.IOWait;
}

/** Is what it waits for in use? Of a select, any of what its cases refer to. */
function mayBeWoken(marks: Marks, gp: G): bool {
  const on = gp.waitOn;
  if (on == 0) return false;
  if (marks.has(on)) return true;
  if (gp.waitReason != WaitReason.Select) return false;
  const select = blockOf(on);
  for (let at = select, end = select + mallocSize(select); at < end; at += sizeof<usize>()) {
    const cases = blockOf(load<usize>(at));
    if (cases == 0) continue;
    for (let k = cases, last = cases + mallocSize(cases); k < last; k += sizeof<usize>()) {
      const chan = load<usize>(k);
      if (blockOf(chan) != 0 && marks.has(chan)) return true;
    }
  }
  return false;
}

/** Marks what a goroutine that can go on refers to: its stack, or its task if it has not begun, and what it sends. */
function markGoroutine(marks: Marks, gp: G): void {
  if (gp.stackTop != 0) marks.scan(gp.stack, gp.stackTop);
  else if (gp.task == ownTask(gp)) marks.scan(gp.task, gp.task + TASK_ROOM);
  else marks.mark(gp.task);
  marks.mark(<usize>waiterOf(gp).elem);
}
