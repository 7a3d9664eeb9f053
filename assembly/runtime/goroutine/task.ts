/**
 * Tasks: calls that were evaluated up to the call itself, and are to be made later, by another goroutine or this one.
 *
 * The compiler makes them (`host/compiler`): wherever a parameter's type is `Task`, it stores the callee and the evaluated
 * arguments of `f(a, b)`, or the captured locals of `() => { … }`, in a record from `newTask`, along with the table index
 * of a thunk. The thunk reads the arguments, frees the record and makes the call; so a record serves one call.
 *
 * The parameter of `go` is a `GoTask`: such a record lies in the G that will run it, if it has room for it (`newGoTask`), so
 * that starting a goroutine allocates nothing. There it lies where the goroutine keeps its Waiter later: it is read before
 * the goroutine can wait for anything. Other records are the collector's, which finds the arguments in them. Between `newGoTask` and `newproc` the compiler only stores arguments, which it has
 * evaluated before; so a G taken is a G started.
 *
 * On a goroutine; tasks are also made and freed by the main thread.
 */
import { gfget, gfgetOrphan } from "./gs";
import { freeRecord, newRecord, newSmallRecord } from "../memory/objects";
import { pushNote } from "../js/mailbox";
import { endProgram, topLevelDone } from "./program";
import { g, m } from "../base/registers";
import { NoteKind, TASK_ROOM, ownTask, waiterOf } from "../../abi";


@unmanaged
@host
export class Task {
  /** Table index of the thunk, `(task: usize) => void`. */
  thunk: i32;
  /** Bytes of the whole record. */
  size: u32;
}

/** The task of a goroutine that is being started. */
@unmanaged
export class GoTask extends Task {}

/** The task of a call that is deferred until the function around it ends: with a link in place of its size (`unwind.ts`). */
@unmanaged
export class DeferTask extends Task {}

/** What `size` says of a record that lies in its G. */
export const IN_G: u32 = 0xffff_ffff;

/** A record of `size` bytes for the thunk at table index `thunk`; the compiler fills in the rest. */
export function newTask(thunk: i32, size: i32): usize {
  const task = changetype<Task>(newRecord(size));
  task.thunk = thunk;
  task.size = size;
  return changetype<usize>(task);
}

/** The same for `defer`, in the place of a call (`host/compiler/tasks.ts`): functions that defer are short. */
@inline
export function newDeferTask(thunk: i32, size: i32): usize {
  const task = changetype<Task>(newSmallRecord(size));
  task.thunk = thunk;
  return changetype<usize>(task);
}

/** The same for `newproc`, which must be called next. */
export function newGoTask(thunk: i32, size: i32): usize {
  if (<usize>size > TASK_ROOM) return newTask(thunk, size);
  const pp = m.p;
  const gp = pp ? gfget(pp) : gfgetOrphan();
  const task = changetype<Task>(ownTask(gp));
  task.thunk = thunk;
  task.size = IN_G;
  return changetype<usize>(task);
}

/** Frees a record that will not run again; thunks call it once they have read their arguments. */
export function freeTask(task: usize): void {
  const gp = g;
  if (task != ownTask(gp)) {
    freeRecord(task);
    return;
  }
  // From here on this is the Waiter's, which is in no queue.
  waiterOf(gp).q = 0;
}

/** A second record of the same call. */
export function cloneTask(task: Task): Task {
  const copy = newRecord(task.size);
  memory.copy(copy, changetype<usize>(task), task.size);
  return changetype<Task>(copy);
}

/** Makes the call in the current goroutine; the record is gone afterwards. */
export function runTask(task: Task): void {
  call_indirect<void>(task.thunk, changetype<usize>(task));
}

// ---- what the thunks of the program's entry points call (see docs/internals.md) --------------------------------------

/** An exported function, called by the host, has returned; its result is in the record, which the host frees. */
export function callDone(task: usize): void {
  g.call = 0;
  pushNote(NoteKind.Call, task, 0);
}

/** The module's top-level code has run. */
export function initDone(): void {
  topLevelDone();
  pushNote(NoteKind.Init, 0, 0);
}

/** main has returned: the program ends, whatever else is still running. */
export function mainDone(code: i32): void {
  endProgram();
  pushNote(NoteKind.Main, code & 255, 0);
}
