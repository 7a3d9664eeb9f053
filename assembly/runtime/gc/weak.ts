/**
 * What is to happen when an object is unreachable: weak references are cleared, cleanups start, sockets close.
 *
 * After marking, with the world still stopped, what is not marked is unreachable: nobody can get a reference to it any more, so the
 * order does not matter. The lists are gone through whole; each is as long as there are WeakRefs, cleanups and open sockets.
 * - A weak reference's cell is in memory of `malloc`, and freed once the WeakRef itself is unreachable.
 * - A cleanup's task is a root, so that what it is to do still has its arguments. Started, it is a goroutine like any other.
 * - A NetFD that nothing reaches still has a descriptor. It is marked after all, and closed by a goroutine, as by `close`; the next
 *   collection frees it. (A goroutine that waits for the socket has it in its frames, so it is reachable then.)
 */
import { lock, unlock } from "../base/lock";
import { closego } from "../net/fd";
import { PollDesc } from "../net/polldesc";
import { addressOf, sched, gc } from "../../abi";
import { startHosted, startTask } from "../goroutine/proc";
import { Task } from "../goroutine/task";
import { malloc, mfree } from "../memory/malloc";
import { drainAll, isMarked, markObject } from "../memory/mark";


@unmanaged
class WeakCell {
  next: WeakCell | null;
  /** The object, or 0 once it has gone. */
  object: usize;
  /** The WeakRef. */
  owner: usize;
}


@unmanaged
class Cleanup {
  next: Cleanup | null;
  /** The object, or 0 once it has gone. */
  object: usize;
  task: usize;
}

/** A cell for a WeakRef. */
export function newWeakCell(object: usize, owner: usize): usize {
  const cell = changetype<WeakCell>(malloc(offsetof<WeakCell>()));
  cell.object = object;
  cell.owner = owner;
  lock(addressOf(gc.weakLock));
  cell.next = changetype<WeakCell | null>(gc.weakRefs);
  gc.weakRefs = changetype<usize>(cell);
  unlock(addressOf(gc.weakLock));
  return changetype<usize>(cell);
}


@inline
export function weakObject(cell: usize): usize {
  return changetype<WeakCell>(cell).object;
}

/** Has the task run once the object is gone. */
export function newCleanup(object: usize, task: usize): void {
  const it = changetype<Cleanup>(malloc(offsetof<Cleanup>()));
  it.object = object;
  it.task = task;
  lock(addressOf(gc.weakLock));
  it.next = changetype<Cleanup | null>(gc.cleanups);
  gc.cleanups = changetype<usize>(it);
  unlock(addressOf(gc.weakLock));
}

/** For the mark phase: what cleanups are to do. */
export function visitCleanups(): void {
  let it = changetype<Cleanup | null>(gc.cleanups);
  while (it) {
    markObject(it.task);
    it = it.next;
  }
}

/** After marking. Unreachable sockets are marked after all; returns the PollDescs of those, linked by `closing`. */
export function clearUnreachable(): usize {
  clearWeakRefs();
  let it = changetype<Cleanup | null>(gc.cleanups);
  while (it) {
    if (!isMarked(it.object)) it.object = 0;
    it = it.next; // what has gone is taken out by startCleanups, right after this
  }
  let closing: usize = 0;
  for (let at = sched.allPollDescs; at != 0; at = changetype<PollDesc>(at).alllink) {
    const pd = changetype<PollDesc>(at);
    if (pd.owner == 0 || isMarked(pd.owner)) continue;
    markObject(pd.owner);
    pd.closing = closing;
    closing = at;
  }
  drainAll();
  return closing;
}

/** Marks the objects of all WeakRefs that were found (`survey.ts`); false if all were marked. */
export function markWeakTargets(): bool {
  let any = false;
  let it = changetype<WeakCell | null>(gc.weakRefs);
  while (it) {
    if (it.object != 0 && isMarked(it.owner) && !isMarked(it.object)) {
      markObject(it.object);
      any = true;
    }
    it = it.next;
  }
  return any;
}

function clearWeakRefs(): void {
  let link = addressOf(gc.weakRefs);
  let it = changetype<WeakCell | null>(gc.weakRefs);
  while (it) {
    const next = it.next;
    if (!isMarked(it.owner)) {
      store<usize>(link, changetype<usize>(next));
      mfree(changetype<usize>(it));
    } else {
      if (it.object != 0 && !isMarked(it.object)) it.object = 0;
      link = changetype<usize>(it) + offsetof<WeakCell>("next");
    }
    it = next;
  }
}

/** Starts the cleanups of what has gone, and closes the sockets of `closing`. The world goes on; on g0, with a P. */
export function startCleanups(closing: usize): void {
  while (closing != 0) {
    const pd = changetype<PollDesc>(closing);
    closing = pd.closing;
    pd.closing = 0;
    startHosted(closego.index, pd.owner);
  }
  let due: Cleanup | null = null;
  lock(addressOf(gc.weakLock));
  let link = addressOf(gc.cleanups);
  let it = changetype<Cleanup | null>(gc.cleanups);
  while (it) {
    const next = it.next;
    if (it.object == 0) {
      store<usize>(link, changetype<usize>(next));
      it.next = due;
      due = it;
    } else {
      link = changetype<usize>(it) + offsetof<Cleanup>("next");
    }
    it = next;
  }
  unlock(addressOf(gc.weakLock));
  while (due) {
    const next: Cleanup | null = due.next;
    startTask(changetype<Task>(due.task));
    mfree(changetype<usize>(due));
    due = next;
  }
}
