/**
 * What the host's JavaScript has made in the core and shares between threads: channels, locks, contexts. Goroutines in
 * WebAssembly use the very same objects (`target`). On any thread's own stack, g0.
 *
 * In the core, "the host" is the JavaScript around it, on whichever thread, and this folder is what the core does for it:
 * `object.ts`, `locks.ts`, `context.ts` what it has made; `operation.ts` what it waits for; `jsgo.ts` goroutines whose function it
 * runs; `mailbox.ts` how threads' JavaScript is told. Nothing here switches stacks, so the compiler instruments none of it.
 *
 * Life. `refs` counts the holders: JavaScript objects that stand for it, on any thread, and slots that carry it from one to
 * another. The host adds and subtracts with atomics of its own; whoever takes away the last one calls `objectFree`. An
 * operation that waits keeps the JavaScript object that it was called on alive, so nobody waits on an object when it is
 * freed. A channel that is handed to a goroutine in WebAssembly is kept by a JavaScript object until that goroutine ends, and by the collector
 * for as long as anything in WebAssembly refers to it: its target outlives the HostObject.
 *
 * Each thread's JavaScript writes down in `Holdings` what it holds, so that it is known if the thread dies.
 *
 * The list of all locks has a lock of its own, taken before any other; it guards what links contexts too.
 */
import { allm, Elem, Holdings, HoldingsRoom, HostObject, ObjectKind } from "../../abi";
import { lock, unlock } from "../base/lock";
import { Chan } from "../chan/chan";
import { enterCore, leaveCore } from "../sched/gate";
import { hasRoom, malloc, mallocTry, mfree } from "../memory/malloc";
import { pin, unpin } from "../memory/pins";
import { Cond } from "../sync/cond";
import { Mutex } from "../sync/mutex";
import { RWMutex } from "../sync/rwmutex";
import { Semaphore } from "../sync/semaphore";
import { WaitGroup } from "../sync/waitgroup";
import { adopt, disown } from "./context";
import { releaseFrom } from "./locks";

/** The list of locks: its lock, its first; and how many objects there are, atomic. */
export const LIST: usize = memory.data(16, 8);
const LIST_FIRST: usize = 4;
const LIST_COUNT: usize = 8;

/** Objects that JavaScript has made and may act upon at any time: while there are any, nobody waits for ever. */
export function objectCount(): i32 {
  return atomic.load<i32>(LIST + LIST_COUNT);
}

/**
 * A new object with one holder; `n` is a channel's capacity, a semaphore's size, bytes; `elem` the type of a channel's elements. Null if
 * there is no memory for so many.
 */
@host
export function objectNew(kind: i32, n: i32, elem: i32, other: HostObject | null): HostObject | null {
  if (kind == ObjectKind.Chan && !hasRoom(offsetof<HostObject>() + (n << 3))) return null;
  let bytes: usize = 0;
  if (kind == ObjectKind.Bytes) {
    bytes = mallocTry(n);
    if (bytes == 0) return null;
  }
  const o = changetype<HostObject>(malloc(offsetof<HostObject>()));
  memory.fill(changetype<usize>(o), 0, offsetof<HostObject>());
  o.kind = kind;
  o.elem = elem;
  o.other = other;
  const entered = enterCore();
  o.target = kind == ObjectKind.Bytes ? bytes : newTarget(kind, n, elem, other);
  if (isCollected(kind)) pin(o.target);
  if (entered) leaveCore();
  o.refs = 1;
  atomic.add<i32>(LIST + LIST_COUNT, 1);
  if (!isListed(kind)) return o;
  lock(LIST);
  if (kind == ObjectKind.Context) {
    if (other) adopt(other, o);
  } else {
    const first = load<HostObject>(LIST, LIST_FIRST);
    o.next = first;
    if (changetype<usize>(first) != 0) first.prev = o;
    store<HostObject>(LIST, o, LIST_FIRST);
  }
  unlock(LIST);
  return o;
}

/** Whether the target is an object of AssemblyScript, which the collector frees. */
function isCollected(kind: i32): bool {
  return kind != ObjectKind.Bytes && kind != ObjectKind.Shared;
}

function newTarget(kind: i32, n: i32, elem: i32, other: HostObject | null): usize {
  switch (kind) {
    case ObjectKind.Chan:
      return newChan(n, elem);
    case ObjectKind.Context:
      return newChan(0, Elem.Any);
    case ObjectKind.Mutex:
    case ObjectKind.Once:
      return changetype<usize>(new Mutex());
    case ObjectKind.RWMutex:
      return changetype<usize>(new RWMutex());
    case ObjectKind.WaitGroup:
      return changetype<usize>(new WaitGroup());
    case ObjectKind.Semaphore:
    case ObjectKind.Pool:
      return changetype<usize>(new Semaphore(n));
    case ObjectKind.Cond:
      return changetype<usize>(new Cond(changetype<Mutex>(other!.target)));
    default:
      return 0;
  }
}

/** Elements of channels: any JavaScript value in a slot, or what goroutines in WebAssembly know. */
function newChan(n: i32, elem: i32): usize {
  switch (elem) {
    case Elem.F64:
      return changetype<usize>(new Chan<f64>(n));
    case Elem.I32:
      return changetype<usize>(new Chan<i32>(n));
    case Elem.I64:
      return changetype<usize>(new Chan<i64>(n));
    case Elem.Bytes:
      return changetype<usize>(new Chan<Uint8Array>(n));
    default:
      return changetype<usize>(new Chan<u64>(n));
  }
}

/** Room for this thread to write down what it holds. */
@host
export function holdingsNew(mid: i32): Holdings {
  const mp = allm(mid);
  const size = offsetof<Holdings>("first") + (HoldingsRoom.Places << alignof<usize>());
  const holdings = changetype<Holdings>(malloc(size));
  memory.fill(changetype<usize>(holdings), 0, size);
  holdings.next = mp.holdings;
  mp.holdings = changetype<usize>(holdings);
  return holdings;
}

/** Whether objects of a kind are in the list, or linked to others under its lock. */
function isListed(kind: i32): bool {
  switch (kind) {
    case ObjectKind.Mutex:
    case ObjectKind.Once:
    case ObjectKind.RWMutex:
    case ObjectKind.Semaphore:
    case ObjectKind.Pool:
    case ObjectKind.Context:
      return true;
    default:
      return false;
  }
}

/** Frees an object that nobody holds any more; what its channel still held, the host has taken out. Returns `other`, which has a holder less. */
@host
export function objectFree(o: HostObject): HostObject | null {
  const kind = o.kind;
  const other = o.other;
  if (isListed(kind)) {
    lock(LIST);
    if (kind == ObjectKind.Context) {
      if (other) disown(other, o);
    } else {
      const next = o.next;
      const prev = o.prev;
      if (next) next.prev = prev;
      if (prev) prev.next = next;
      else store<usize>(LIST, changetype<usize>(next), LIST_FIRST);
    }
    unlock(LIST);
  }
  let holder = o.holders;
  while (holder) {
    const next = holder.next;
    mfree(changetype<usize>(holder));
    holder = next;
  }
  if (kind == ObjectKind.Bytes) mfree(o.target);
  else if (isCollected(kind)) unpin(o.target);
  mfree(changetype<usize>(o));
  atomic.sub<i32>(LIST + LIST_COUNT, 1);
  return other;
}

/** A thread has died: releases the locks that it held, and its tickets. */
export function objectsLost(key: u64): void {
  lock(LIST);
  let o = load<HostObject | null>(LIST, LIST_FIRST);
  while (o) {
    releaseFrom(o, key, true);
    o = o.next;
  }
  unlock(LIST);
}
