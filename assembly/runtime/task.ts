/**
 * Tasks: calls that were evaluated up to the call itself, and are to be made later, by another goroutine or this one.
 *
 * The compiler makes them (`host/compiler`): wherever a parameter's type is `Task`, it stores the callee and the evaluated
 * arguments of `f(a, b)`, or the captured locals of `() => { … }`, in a record from `newTask`, along with the table index
 * of a thunk. The thunk reads the arguments, frees the record and makes the call; so a record serves one call.
 */
import { NOTE_CALL, NOTE_INIT, NOTE_MAIN } from "../layout";
import { malloc, mfree } from "./malloc";
import { pushNote } from "./noteq";
import { endProgram, topLevelDone } from "./program";
import { g } from "./registers";


@unmanaged
export class Task {
  /** Table index of the thunk, `(task: usize) => void`. */
  thunk: i32;
  /** Bytes of the whole record. */
  size: u32;
}

/** A record of `size` bytes for the thunk at table index `thunk`; the compiler fills in the rest. */
export function newTask(thunk: i32, size: i32): usize {
  const task = changetype<Task>(malloc(size));
  task.thunk = thunk;
  task.size = size;
  return changetype<usize>(task);
}

/** Frees a record that will not run again; thunks call it once they have read their arguments. */
export function freeTask(task: usize): void {
  mfree(task);
}

/** A second record of the same call. */
export function cloneTask(task: Task): Task {
  const copy = malloc(task.size);
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
  pushNote(NOTE_CALL, task, 0);
}

/** The module's top-level code has run. */
export function initDone(): void {
  topLevelDone();
  pushNote(NOTE_INIT, 0, 0);
}

/** main has returned: the program ends, whatever else is still running. */
export function mainDone(code: i32): void {
  endProgram();
  pushNote(NOTE_MAIN, code & 255, 0);
}
