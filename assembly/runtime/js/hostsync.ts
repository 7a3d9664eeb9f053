/**
 * What JavaScript calls for channels, locks and contexts. `o` is a HostObject, `c` a channel of one, `op` a record.
 *
 * What panics throws into the caller, before anything has changed. The caller may be any thread that is not running a
 * goroutine of WebAssembly: the main thread, or an M inside JavaScript, which has no P.
 */
import { closechan, HChan } from "../chan/chan";
import {
  clearOwner,
  contextCancel,
  countReader,
  HostObject,
  objectFree,
  objectNew,
  ownerKey,
  setOwner,
  tellAbandoned,
} from "./hostobj";
import { Op, opBegin, opCancel, opFree, opNew, opPoll, selectAdd, threadLost, tryNow, tryTake } from "./hostop";
import { lock, unlock } from "../base/lock";
import { handoffp } from "../sched/mp";
import { m } from "../base/registers";
import { OpStatus, PStatus, sched, addressOf } from "../../abi";
import { Cond } from "../sync/cond";
import { Mutex, mutexRelease, mutexTryLock } from "../sync/mutex";
import { RWMutex, rwRelease } from "../sync/rwmutex";
import { Semaphore } from "../sync/semaphore";
import { WaitGroup } from "../sync/waitgroup";

/** A new object of a kind with one holder; `n` is its capacity or size, `other` what it belongs to or 0. */
export function obj_new(kind: i32, n: i32, elem: i32, other: usize): usize {
  return changetype<usize>(objectNew(kind, n, elem, changetype<HostObject | null>(other)));
}

/** Frees an object without holders; returns what it belonged to, which then has one holder less, or 0. */
export function obj_free(o: usize): usize {
  return objectFree(changetype<HostObject>(o));
}

/** For tests: what `mlost` does about operations and locks. */
export function obj_lost(mid: i32, gen: i32): void {
  threadLost(mid, gen);
}

/** A record for the operations of a thread. */
export function op_new(mid: i32, gen: i32): usize {
  return changetype<usize>(opNew(mid, gen));
}

export function op_free(op: usize): void {
  opFree(changetype<Op>(op));
}

/** Begins what the record says: how it ended, or 0: then the record comes to the thread's mailbox. */
export function op_begin(op: usize): i32 {
  return opBegin(changetype<Op>(op));
}

/** Does one case of the record's select if that is possible at once, else 0. */
export function op_poll(op: usize): i32 {
  return opPoll(changetype<Op>(op));
}

/** Calls off what has not happened yet: 1 if it is now delivered as cancelled. */
export function op_cancel(op: usize): i32 {
  return opCancel(changetype<Op>(op)) ? 1 : 0;
}

/** Adds a case to the record's select; the first of several clears it. To send the slot at `at`, or, if that is 0, to receive. */
export function op_case(op: usize, first: i32, c: usize, at: usize): void {
  selectAdd(changetype<Op>(op), first != 0, c, at);
}

/** This M is about to block in JavaScript: hands its P on now, rather than when sysmon notices. */
export function op_block(): void {
  const mp = m;
  const old = mp.oldp;
  if (mp.syscalls == 0 || !old) return;
  lock(addressOf(sched.lock));
  const mine = atomic.cmpxchg<u32>(addressOf(old.status), PStatus.Syscall, PStatus.Idle) == PStatus.Syscall;
  if (mine) {
    sched.nmblocked++;
    old.m = null;
  }
  unlock(addressOf(sched.lock));
  if (mine) handoffp(old!);
}

/** Sends the slot at `at` if that is possible at once; one of OpStatus.Done, OpStatus.Closed, 0. */
export function chan_send(c: usize, at: usize): i32 {
  return tryNow(changetype<HChan>(c), at);
}

/** Receives into the slot at `at` if that is possible at once; one of OpStatus.Done, OpStatus.Closed, 0. */
export function chan_recv(op: usize, c: usize, at: usize): i32 {
  return tryTake(changetype<Op>(op), changetype<HChan>(c), at);
}

export function chan_close(c: usize): void {
  closechan(changetype<HChan>(c));
}

/** An empty Uint8Array of `n` bytes, for channels of bytes. */
export function bytes_new(n: i32): usize {
  return changetype<usize>(new Uint8Array(n));
}

/** Takes a mutex for a thread if it is free: OpStatus.Done, OpStatus.Abandoned, or 0. */
export function mutex_try(o: usize, mid: i32, gen: i32): i32 {
  const it = changetype<HostObject>(o);
  if (!mutexTryLock(changetype<Mutex>(it.target))) return 0;
  setOwner(it, ownerKey(mid, gen));
  return tellAbandoned(it) ? OpStatus.Abandoned : OpStatus.Done;
}

export function mutex_unlock(o: usize): void {
  const it = changetype<HostObject>(o);
  clearOwner(it);
  mutexRelease(changetype<Mutex>(it.target));
}

export function rw_try(o: usize, mid: i32, gen: i32): i32 {
  const it = changetype<HostObject>(o);
  if (!changetype<RWMutex>(it.target).tryLock()) return 0;
  setOwner(it, ownerKey(mid, gen));
  return tellAbandoned(it) ? OpStatus.Abandoned : OpStatus.Done;
}

export function rw_unlock(o: usize): void {
  const it = changetype<HostObject>(o);
  clearOwner(it);
  rwRelease(changetype<RWMutex>(it.target));
}

export function rw_tryread(o: usize, mid: i32, gen: i32): i32 {
  const it = changetype<HostObject>(o);
  if (!changetype<RWMutex>(it.target).tryRLock()) return 0;
  countReader(it, ownerKey(mid, gen), 1);
  return tellAbandoned(it) ? OpStatus.Abandoned : OpStatus.Done;
}

export function rw_endread(o: usize, mid: i32, gen: i32): void {
  const it = changetype<HostObject>(o);
  countReader(it, ownerKey(mid, gen), -1);
  changetype<RWMutex>(it.target).runlock();
}

export function wg_add(o: usize, n: i32): void {
  changetype<WaitGroup>(changetype<HostObject>(o).target).add(n);
}

export function sem_try(o: usize, n: i32): i32 {
  return changetype<Semaphore>(changetype<HostObject>(o).target).tryAcquire(n) ? 1 : 0;
}

export function sem_release(o: usize, n: i32): void {
  changetype<Semaphore>(changetype<HostObject>(o).target).release(n);
}

export function cond_signal(o: usize): void {
  changetype<Cond>(changetype<HostObject>(o).target).signal();
}

export function cond_broadcast(o: usize): void {
  changetype<Cond>(changetype<HostObject>(o).target).broadcast();
}

/** Cancels a context with the reason in the slot at `at`, which is then its own: 1, or 0 if it has been cancelled before. */
export function ctx_cancel(o: usize, at: usize): i32 {
  return contextCancel(changetype<HostObject>(o), load<u64>(at)) ? 1 : 0;
}
