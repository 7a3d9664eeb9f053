/**
 * The program and its surroundings: its end, its arguments, its environment, files.
 *
 * On a goroutine; `beginExit` and `endExit` on any thread that reports the end.
 */
import { hostArgs, hostEnv, hostExit, hostReadFile, hostReadFileTake } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { decodeUtf8 } from "../base/utf8";
import { wakeAll } from "../sched/mp";
import { closeLeftOpen } from "../net/fd";
import { pushNote } from "../js/mailbox";
import { flushAll, flushAndEndEpoch } from "./print";
import { lookBack } from "./surveys";
import { numGoroutine } from "./proc";
import { MainState, NoteKind, ProgramState, addressOf, sched } from "../../abi";
import { malloc, mfree } from "../memory/malloc";
import { HostCall, hostCall } from "./syscall";

/** Ends the program with an exit code, modulo 256, once everything printed is out. Does not return. */
export function exit(code: i32): void {
  lookBack();
  if (beginExit()) endExit(code);
  hostExit(code);
  unreachable();
}

/** Claims the end of the program; false if somebody else is ending it. After true, only this thread writes anything. */
@host
export function beginExit(): bool {
  if (atomic.cmpxchg<i32>(addressOf(sched.state), ProgramState.Running, ProgramState.Exiting) != ProgramState.Running)
    return false;
  flushAll();
  return true;
}

/** Sets the exit code, tells the main thread, and wakes all threads so that they end. */
@host
export function endExit(code: i32): void {
  atomic.store<i32>(addressOf(sched.exitCode), code & 255);
  atomic.store<i32>(addressOf(sched.state), ProgramState.Exited);
  pushNote(NoteKind.Exit, code & 255, 0);
  wakeAll();
}

/**
 * main has returned: puts out unfinished lines, and ends all goroutines by beginning a new epoch. Those of the old one are
 * dropped when they are next to run, and print nothing any more. Calls of the host may follow.
 */
export function endProgram(): void {
  lookBack();
  lock(addressOf(sched.lock));
  sched.main = MainState.None;
  atomic.sub<i64>(addressOf(sched.gcount), numGoroutine());
  flushAndEndEpoch();
  unlock(addressOf(sched.lock));
  closeLeftOpen();
}

/** The top-level code has run; if that was all that goroutine 1 is for, nobody waits for it any more. */
export function topLevelDone(): void {
  lock(addressOf(sched.lock));
  if (sched.main == MainState.Init) sched.main = MainState.None;
  unlock(addressOf(sched.lock));
}

/** The program's arguments. */
export function args(): string[] {
  const size = hostArgs(0, 0);
  const block = changetype<ArrayBuffer>(__new(size, idof<ArrayBuffer>()));
  hostArgs(changetype<usize>(block), size);
  const list = new Array<string>();
  let start: usize = 0;
  for (let at: usize = 0; at < <usize>size; at += 2) {
    if (load<u16>(changetype<usize>(block) + at) == 0) {
      list.push(String.UTF16.decodeUnsafe(changetype<usize>(block) + start, at - start));
      start = at + 2;
    }
  }
  return list;
}

/** An environment variable; empty where it is not set. */
export function env(name: string): string {
  const size = hostEnv(changetype<usize>(name), name.length << 1, 0, 0);
  if (size <= 0) return "";
  const block = changetype<ArrayBuffer>(__new(size, idof<ArrayBuffer>()));
  hostEnv(changetype<usize>(name), name.length << 1, changetype<usize>(block), size);
  return String.UTF16.decodeUnsafe(changetype<usize>(block), size);
}

/** The bytes of a file, or null where it cannot be read. */
export function readFile(path: string): Uint8Array | null {
  const length = path.length << 1;
  const call = changetype<HostCall>(malloc(offsetof<HostCall>() + length));
  call.a = changetype<usize>(call) + offsetof<HostCall>();
  call.b = length;
  memory.copy(call.a, changetype<usize>(path), length);
  hostCall(readFileCall.index, call);
  const size = call.result;
  let bytes: Uint8Array | null = null;
  if (size >= 0) {
    bytes = new Uint8Array(size);
    memory.copy(bytes.dataStart, call.a, size);
    mfree(call.a);
  }
  mfree(changetype<usize>(call));
  return bytes;
}

/** The path becomes the file's contents, which the host keeps for the thread that has read them. */
function readFileCall(at: usize): void {
  const call = changetype<HostCall>(at);
  const size = hostReadFile(call.a, <i32>call.b);
  call.result = size;
  if (size < 0) return;
  call.a = malloc(size);
  hostReadFileTake(call.a, size);
}

/** The text of a file, or null where it cannot be read; what is not UTF-8 in it is replaced by U+FFFD. */
export function readText(path: string): string | null {
  const bytes = readFile(path);
  return bytes ? decodeUtf8(bytes.dataStart, bytes.length) : null;
}

/** Bytes of memory that the heap holds, in use or kept for reuse. */
export function memoryUsed(): i64 {
  return (<i64>atomic.load<i32>(addressOf(sched.heapPages))) << 16;
}
