/**
 * What `skein.h` declares, and what Skein's part of libc (`assembly/c`) is made of: functions for C, by their names there. C itself calls
 * wrappers of them that the compiler makes (`host/compiler/c/merge.ts`), which hand over C's registers.
 *
 * C's memory is not collected, and the collector does not look into it. A channel of C's is a record there that pins a channel of 64-bit
 * slots; a value of more than 8 bytes goes through it as the address of a copy.
 *
 * On a goroutine, as all that programs call.
 */
import { Chan, ok } from "./runtime/chan/chan";
import { Select } from "./runtime/chan/select";
import { cDie, enterC, leaveC, sizeC } from "./runtime/goroutine/cstack";
import { goid, gomaxprocs, gosched, newproc } from "./runtime/goroutine/proc";
import { goexit } from "./runtime/goroutine/unwind";
import { now, sleep } from "./runtime/goroutine/time";
import { GoTask, IN_G } from "./runtime/goroutine/task";
import { blockOf, malloc, mfree } from "./runtime/memory/malloc";
import { OBJECT_HEADER } from "./runtime/memory/objects";
import { PAGE_BITS, SPAN_OBJECT, spanEntry } from "./runtime/memory/pages";
import { wakeSleeper as wakeSleeperOf } from "./runtime/net/watch";
import { futexWait, futexWake } from "./runtime/sync/futex";
import { G, OWN_TASK } from "./abi";


@external("c", "skein_c_start")
declare function cStart(): void;


@external("c", "__skein_thread_end")
declare function threadEnd(): void;

let started = false;

/** Runs C's constructors, before anything else of the program. */
export function startC(): void {
  if (started) return;
  started = true;
  cStart();
}

// ---- goroutines ------------------------------------------------------------------------------------------------------

/** Starts a goroutine for `f(arg)`, with a C stack of at least `bytes`; returns its number. */
export function go(f: i32, arg: usize, bytes: usize): i64 {
  return bytes == 0 ? start(run(f, arg)) : start(runSized(f, arg, bytes));
}

/** The same for a goroutine of `skein.h`, which ends for libc too when `f` returns. */
export function goEnding(f: i32, arg: usize): i64 {
  return start(runEnding(f, arg));
}

/** `newproc`, which does not say which goroutine it has started. These tasks are small, so they are in their Gs. */
function start(task: GoTask): i64 {
  if (task.size != IN_G) unreachable();
  const id = changetype<G>(changetype<usize>(task) - OWN_TASK).id;
  newproc(task);
  return id;
}

function run(f: i32, arg: usize): void {
  enterC();
  call_indirect<void>(f, arg);
}

function runEnding(f: i32, arg: usize): void {
  enterC();
  call_indirect<void>(f, arg);
  leaveC();
  threadEnd();
}

function runSized(f: i32, arg: usize, bytes: usize): void {
  sizeC(bytes);
  run(f, arg);
}

export function yieldNow(): void {
  gosched();
}

export function number(): i64 {
  return goid();
}

export function procs(n: i32): i32 {
  return gomaxprocs(n);
}

export function pause(d: i64): void {
  sleep(d);
}

export function clock(): i64 {
  return now();
}

export function end(): void {
  goexit();
}

/** Ends the goroutine, and with it, as a rule, the program, in C's words. */
export function die(text: usize, length: i32): void {
  cDie(text, length);
}

export function wait(address: usize, expected: i32, timeout: i64, reason: i32, stop: usize): i32 {
  return futexWait(address, expected, timeout, <u8>reason, stop);
}

export function wake(address: usize, n: i32): i32 {
  return futexWake(address, n);
}

/** Ends the wait at a socket of a goroutine that is cancelled. */
export function wakeSleeper(sleeper: usize): void {
  wakeSleeperOf(sleeper);
}

// ---- objects of AssemblyScript ---------------------------------------------------------------------------------------

/** Keeps the object that an address lies in, until as many calls of `release`. What is no object, as C's own memory, needs no keeping. */
export function hold(address: usize): void {
  const object = objectAt(address);
  if (object != 0) __pin(object);
}

export function release(address: usize): void {
  const object = objectAt(address);
  if (object != 0) __unpin(object);
}

/** The object that an address lies in, which must be in use; 0 if in none. */
function objectAt(address: usize): usize {
  const block = blockOf(address);
  if (block == 0 || (load<u32>(spanEntry(<u32>(block >> PAGE_BITS))) & SPAN_OBJECT) == 0) return 0;
  return block + OBJECT_HEADER;
}

// ---- channels --------------------------------------------------------------------------------------------------------

@unmanaged
class CChan {
  /** A Chan<u64>, pinned. */
  chan: usize;
  elemSize: usize;
}


@inline
function chanOf(c: CChan): Chan<u64> {
  return changetype<Chan<u64>>(c.chan);
}

export function chanNew(elemSize: usize, capacity: i32): usize {
  const c = changetype<CChan>(malloc(offsetof<CChan>()));
  c.chan = __pin(changetype<usize>(new Chan<u64>(capacity)));
  c.elemSize = elemSize;
  return changetype<usize>(c);
}

export function chanFree(c: CChan): void {
  if (changetype<usize>(c) == 0) return;
  while (c.elemSize > sizeof<u64>()) {
    const bits = chanOf(c).tryRecv();
    if (!ok()) break;
    mfree(<usize>bits);
  }
  __unpin(c.chan);
  mfree(changetype<usize>(c));
}

/** What stands for a value in a slot. */
function bitsOf(c: CChan, elem: usize): u64 {
  const size = c.elemSize;
  return size == sizeof<u64>() ? load<u64>(elem) : bitsOfOthers(elem, size);
}

/**
 * The same for other sizes. Neither this nor `deliverOthers` has a loop, whose safepoint would make a frame of it that a switch saves: a value of
 * 5 bytes, say, is two of 4, which overlap.
 */
function bitsOfOthers(elem: usize, size: usize): u64 {
  if (size > sizeof<u64>()) {
    const copy = malloc(size);
    memory.copy(copy, elem, size);
    return copy;
  }
  if (size > 4) return (<u64>load<u32>(elem)) | ((<u64>load<u32>(elem + size - 4)) << ((size - 4) << 3));
  if (size == 4) return load<u32>(elem);
  if (size > 1) return (<u64>load<u16>(elem)) | ((<u64>load<u16>(elem + size - 2)) << ((size - 2) << 3));
  return size == 1 ? load<u8>(elem) : 0;
}

/** Puts a value that was received where C wants it, which may be nowhere; zeros where there is none. */
function deliver(c: CChan, bits: u64, isValue: bool, elem: usize): void {
  const size = c.elemSize;
  if (size == sizeof<u64>() && elem != 0) store<u64>(elem, bits);
  else deliverOthers(bits, size, isValue, elem);
}

function deliverOthers(bits: u64, size: usize, isValue: bool, elem: usize): void {
  if (size > sizeof<u64>()) {
    if (elem != 0) {
      if (isValue) memory.copy(elem, <usize>bits, size);
      else memory.fill(elem, 0, size);
    }
    if (isValue) mfree(<usize>bits);
  } else if (elem == 0) {
    return;
  } else if (size > 4) {
    store<u32>(elem, <u32>bits);
    store<u32>(elem + size - 4, <u32>(bits >> ((size - 4) << 3)));
  } else if (size == 4) {
    store<u32>(elem, <u32>bits);
  } else if (size > 1) {
    store<u16>(elem, <u16>bits);
    store<u16>(elem + size - 2, <u16>(bits >> ((size - 2) << 3)));
  } else if (size == 1) {
    store<u8>(elem, <u8>bits);
  }
}

export function send(c: CChan, elem: usize): void {
  chanOf(c).send(bitsOf(c, elem));
}

export function recv(c: CChan, elem: usize): i32 {
  const bits = chanOf(c).recv();
  const isValue = ok();
  deliver(c, bits, isValue, elem);
  return isValue ? 1 : 0;
}

/** 1 done, 0 closed, -1 not ready. */
export function trySend(c: CChan, elem: usize): i32 {
  const select = new Select();
  const bits = bitsOf(c, elem);
  select.send<u64>(chanOf(c), bits);
  if (select.poll() == 0) return 1;
  if (c.elemSize > sizeof<u64>()) mfree(<usize>bits);
  return -1;
}

export function tryRecv(c: CChan, elem: usize): i32 {
  const select = new Select();
  select.recv<u64>(chanOf(c));
  if (select.poll() < 0) return -1;
  const isValue = ok();
  deliver(c, select.value<u64>(), isValue, elem);
  return isValue ? 1 : 0;
}

export function chanClose(c: CChan): void {
  chanOf(c).close();
}

/** skein_case. */
@unmanaged
class CCase {
  op: i32;
  chan: CChan | null;
  elem: usize;
  ok: i32;
}

const SEND: i32 = 0;
const NONBLOCK: i32 = 1;


@inline
function caseAt(cases: usize, i: i32): CCase {
  return changetype<CCase>(cases + i * offsetof<CCase>());
}

export function select(cases: usize, n: i32, flags: i32): i32 {
  const select = new Select();
  const sent = new StaticArray<u64>(n);
  for (let i = 0; i < n; i++) {
    const it = caseAt(cases, i);
    const c = it.chan;
    if (it.op != SEND) {
      select.recv<u64>(c ? chanOf(c) : null);
    } else {
      sent[i] = c ? bitsOf(c, it.elem) : 0;
      select.send<u64>(c ? chanOf(c) : null, sent[i]);
    }
  }
  const chosen = flags & NONBLOCK ? select.poll() : select.wait();
  const isValue = ok();
  for (let i = 0; i < n; i++) {
    const it = caseAt(cases, i);
    const c = it.chan;
    if (!c) continue;
    if (it.op != SEND) {
      if (i != chosen) continue;
      it.ok = isValue ? 1 : 0;
      deliver(c, select.value<u64>(), isValue, it.elem);
    } else if (i == chosen) {
      it.ok = 1;
    } else if (c.elemSize > sizeof<u64>()) {
      mfree(<usize>sent[i]);
    }
  }
  return chosen;
}
