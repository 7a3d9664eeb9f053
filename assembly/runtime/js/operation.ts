/**
 * Operations of JavaScript that may have to wait: on a channel, several channels, a lock. They use the same queues as
 * goroutines, so both kinds are served by one implementation, first in, first out.
 *
 * An operation is a goroutine reduced to what it takes to stand in a queue: a G with its waiter, but no stack and no turn to
 * run. It begins on the caller's own thread (so two sends of one caller keep their order): either it is done at once, or it
 * is in the queue when `begin` returns. Whoever would make a goroutine runnable that waits there takes the operation's next
 * step instead (`operationReady`, from goready), on its own thread: no thread has to be woken to run what is a few
 * instructions. With the last step the record is delivered to the mailbox of the thread that began it, or, if that thread
 * blocks for it, its word is set and notified.
 *
 * A record belongs to its thread but from begin to delivery. Then it belongs to whoever took its waiter from the queue, as with
 * any waiter. A record is not reused before its delivery was seen, so `opCancel`, which only its own thread calls (or
 * another, if that one has died in JavaScript), never meets another use of it.
 *
 * Steps take locks of channels and semaphores, so goready must not be called with such a lock held; it is not. They never
 * switch stacks. On any thread's own stack, g0, or, from `operationReady` on, on that of the goroutine that wakes it.
 */
import { CHECKED, check } from "../base/checked";
import { BLOCKED, closechan, CLOSED, HChan, recv, send, withdraw as withdrawFrom } from "../chan/chan";
import { clearOwner, countHeld, ownerKey, releaseFrom, setOwner, tellAbandoned } from "./locks";
import { objectsLost } from "./object";
import { lock, punlock, unlock } from "../base/lock";
import { enterCore, leaveCore } from "../sched/gate";
import { hasRoom, malloc } from "../memory/malloc";
import { scanWords } from "../memory/mark";
import { postOwned } from "./mailbox";
import { g, m, setG } from "../base/registers";
import { finish, Select, selectgo, selparkcommit } from "../chan/select";
import {
  addressOf,
  FOREVER,
  Op,
  G,
  GKind,
  GStatus,
  G_BYTES,
  M,
  NoteKind,
  ObjectKind,
  OpCode,
  OpStatus,
  OpSync,
  WaitReason,
  Waiter,
  waiterOf,
} from "../../abi";
import { Cond, condWait, condWithdraw } from "../sync/cond";
import { Mutex, mutexAcquire, mutexCheckLocked, mutexDecline, mutexGoOn, mutexWithdraw } from "../sync/mutex";
import { rwAnnounce, RWMutex, rwRead, rwWithdrawReader, rwWithdrawWriter } from "../sync/rwmutex";
import { checkCount, Semaphore, semaphoreAcquire, semaphoreWithdraw } from "../sync/semaphore";
import { WaitGroup, waitGroupWait, waitGroupWithdraw } from "../sync/waitgroup";

/** It waits for a signal, or has not begun; for the mutex; for the readers of an RWMutex to leave. */
const STEP_FIRST: i32 = 0;
const STEP_MUTEX: i32 = 1;
const STEP_READERS: i32 = 2;

/** An operation's G follows it, at an address of 8 bytes. */
const G_OFFSET: usize = (offsetof<Op>() + 7) & ~7;


@inline
function gOf(op: Op): G {
  return changetype<G>(changetype<usize>(op) + G_OFFSET);
}

/** Records: a lock, all there are, those that nobody uses. */
const RECORDS: usize = memory.data(16, 8);
const RECORDS_ALL: usize = 4;
const RECORDS_FREE: usize = 8;

/** A record for operations of the thread that is M `mid`'s `gen`th. */
@host
export function opNew(mid: i32, gen: i32): Op {
  lock(RECORDS);
  let op = load<Op>(RECORDS, RECORDS_FREE);
  if (changetype<usize>(op) != 0) {
    store<usize>(RECORDS, op.free, RECORDS_FREE);
    unlock(RECORDS);
  } else {
    unlock(RECORDS);
    op = changetype<Op>(malloc(G_OFFSET + G_BYTES));
    memory.fill(changetype<usize>(op), 0, G_OFFSET + G_BYTES);
    const gp = gOf(op);
    gp.epoch = FOREVER;
    gp.kind = GKind.Operation;
    gp.task = changetype<usize>(op);
    gp.status = GStatus.Waiting;
    op.kind = NoteKind.Op;
    lock(RECORDS);
    op.all = load<usize>(RECORDS, RECORDS_ALL);
    store<Op>(RECORDS, op, RECORDS_ALL);
    unlock(RECORDS);
  }
  op.kind = NoteKind.Op;
  op.mid = mid;
  op.gen = gen;
  op.dead = 0;
  op.sync = 0;
  return op;
}

/** Gives a record back. */
@host
export function opFree(op: Op): void {
  lock(RECORDS);
  putFree(op);
  unlock(RECORDS);
}

function putFree(op: Op): void {
  op.gen = -1;
  op.free = load<usize>(RECORDS, RECORDS_FREE);
  store<Op>(RECORDS, op, RECORDS_FREE);
}

// ---- beginning -----------------------------------------------------------------------------------------------------------

/** Begins an operation: its status if it is over at once, else 0, and the record will be delivered. */
@host
export function opBegin(op: Op): i32 {
  // What panics must do so before anything else: a panic leaves this thread's registers as they are.
  if (op.code == OpCode.Semaphore) checkCount(changetype<Semaphore>(op.object.target), op.count);
  else if (op.code == OpCode.Cond) mutexCheckLocked(changetype<Cond>(op.object.target).mutex);
  if (CHECKED) check(op.pending == 0 && waiterOf(gOf(op)).q == 0, "an operation that begins is over and waits nowhere");
  op.status = 0;
  op.step = STEP_FIRST;
  op.givenUp = 0;
  op.pending = 1;
  const entered = enterCore();
  const saved = g;
  setG(gOf(op));
  const done = start(op);
  setG(saved);
  if (entered) leaveCore();
  if (!done) return 0; // from now on it may be anybody's
  op.pending = 0;
  return op.status;
}

function start(op: Op): bool {
  const target = op.object.target;
  switch (op.code) {
    case OpCode.Send: {
      const done = send(changetype<HChan>(target), op.slot, true);
      if (done == BLOCKED) return leave(target);
      return over(op, done == CLOSED ? OpStatus.Closed : OpStatus.Done);
    }
    case OpCode.Recv:
      if (recv(changetype<HChan>(target), true) == BLOCKED) return leave(target);
      return received(op, gOf(op).ok);
    case OpCode.Select: {
      const s = changetype<Select>(op.select);
      if (selectgo(s, true)) return selected(op, s);
      selparkcommit(changetype<usize>(s));
      return false;
    }
    case OpCode.Lock:
      return lockMutex(op, mutexAcquire(mutexOf(op)));
    case OpCode.Read:
      return leave(rwRead(changetype<RWMutex>(target))) && granted(op);
    case OpCode.WaitGroup:
      return leave(waitGroupWait(changetype<WaitGroup>(target))) && over(op, OpStatus.Done);
    case OpCode.Semaphore:
      return leave(semaphoreAcquire(changetype<Semaphore>(target), op.count)) && granted(op);
    default:
      clearOwner(op.object.other!);
      return leave(condWait(changetype<Cond>(target)));
  }
}

/** The operation is in the queue whose lock this is, and stays there: false. True if it is 0, and there was no need to wait. */
@inline
function leave(word: usize): bool {
  if (word == 0) return true;
  punlock(word);
  return false;
}


@inline
function over(op: Op, status: i32): bool {
  op.status = status;
  return true;
}

function received(op: Op, ok: bool): bool {
  op.slot = waiterOf(gOf(op)).elem;
  return over(op, ok ? OpStatus.Done : OpStatus.Closed);
}

/** A select is over: which case, and what it got. */
function selected(op: Op, s: Select): bool {
  op.count = s.chosen;
  op.slot = s.recvValue;
  const status = s.failed ? OpStatus.Closed : gOf(op).ok ? OpStatus.Done : OpStatus.Drained;
  s.failed = false;
  return over(op, status);
}


@inline
function mutexOf(op: Op): Mutex {
  const o = op.object;
  return o.kind == ObjectKind.RWMutex ? changetype<RWMutex>(o.target).writers : changetype<Mutex>(o.target);
}

/** A mutex, or a RWMutex for writing: the mutex is ours, or `word` is what `mutexAcquire` says. */
function lockMutex(op: Op, word: usize): bool {
  op.step = STEP_MUTEX;
  if (word != 0) {
    if (!isGivenUp(op) || !mutexWithdraw(mutexOf(op), waiterOf(gOf(op)), true)) return leave(word);
    punlock(word);
    return over(op, OpStatus.Cancelled);
  }
  return op.object.kind == ObjectKind.RWMutex ? announce(op, changetype<RWMutex>(op.object.target)) : granted(op);
}

/** Readers are to leave; the mutex among writers is ours. */
function announce(op: Op, rw: RWMutex): bool {
  op.step = STEP_READERS;
  const word = rwAnnounce(rw);
  if (word != 0 && isGivenUp(op) && rwWithdrawWriter(rw, waiterOf(gOf(op)), true)) return over(op, OpStatus.Cancelled);
  return leave(word) && granted(op);
}

/** A condition was signalled, or the wait for it given up: it takes the mutex again, in either case. */
function relock(op: Op, c: Cond): bool {
  op.step = STEP_MUTEX;
  return leave(mutexAcquire(c.mutex)) && granted(op);
}

/**
 * The lock is the thread's, or the tickets are. If that thread has died meanwhile it is released again: either we see `dead` here, or who set that
 * sees the owner afterwards, or both; `releaseFrom` lets one of them release it.
 */
function granted(op: Op): bool {
  const key = ownerKey(op.mid, op.gen);
  const o = op.code == OpCode.Cond ? op.object.other! : op.object;
  if (op.code == OpCode.Read) countHeld(o, key, 1);
  else if (op.code == OpCode.Semaphore) countHeld(o, key, op.count);
  else setOwner(o, key);
  const abandoned = tellAbandoned(o);
  if (atomic.load<i32>(addressOf(op.dead)) != 0) releaseFrom(o, key, abandoned);
  return over(op, abandoned ? OpStatus.Abandoned : op.status != 0 ? op.status : OpStatus.Done);
}

/** Tries a select without waiting: its status as from begin, or 0 if no case can proceed. */
@host
export function opPoll(op: Op): i32 {
  const entered = enterCore();
  const saved = g;
  setG(gOf(op));
  const s = changetype<Select>(op.select);
  gOf(op).ok = true;
  selectgo(s, false);
  setG(saved);
  if (entered) leaveCore();
  if (s.chosen < 0 && !s.failed) return 0;
  selected(op, s);
  return op.status;
}

// ---- going on ------------------------------------------------------------------------------------------------------------

/** Somebody has taken the operation's waiter from the queue: the next step. On any thread, with no lock of a queue held. */
export function operationReady(gp: G): void {
  const op = changetype<Op>(gp.task);
  if (CHECKED) check(op.pending != 0, "an operation that goes on was waiting");
  const saved = g;
  setG(gp);
  const done = resume(op, gp);
  setG(saved);
  if (done) deliver(op);
}

function resume(op: Op, gp: G): bool {
  if (op.code == OpCode.Select) {
    const s = changetype<Select>(op.select);
    finish(s);
    return s.chosen < 0 || selected(op, s);
  }
  if (op.code == OpCode.Cond) {
    const c = changetype<Cond>(op.object.target);
    return op.step == STEP_FIRST ? relock(op, c) : leave(mutexGoOn(c.mutex)) && granted(op);
  }
  if (op.status == OpStatus.Cancelled) return true;
  switch (op.code) {
    case OpCode.Send:
      return over(op, waiterOf(gp).success ? OpStatus.Done : OpStatus.Closed);
    case OpCode.Recv:
      return received(op, waiterOf(gp).success);
    case OpCode.Lock:
      if (op.step == STEP_READERS) return granted(op);
      if (!isGivenUp(op)) return lockMutex(op, mutexGoOn(mutexOf(op)));
      mutexDecline(mutexOf(op));
      return over(op, OpStatus.Cancelled);
    case OpCode.Read:
    case OpCode.Semaphore:
      return granted(op);
    default:
      return over(op, OpStatus.Done);
  }
}

/** It is over, and the record is its thread's again. */
function deliver(op: Op): void {
  if (CHECKED) check(op.status != 0 && waiterOf(gOf(op)).q == 0, "an operation that is over waits nowhere");
  op.pending = 0;
  const word = addressOf(op.sync);
  const was = op.sync != 0 ? atomic.xchg<i32>(word, OpSync.Released) : 0;
  if (was == OpSync.Asleep) atomic.notify(word, 1);
  else if (was == 0) postOp(op);
}

function postOp(op: Op): void {
  op.posted = 1;
  postOwned(op.mid, op.gen, changetype<usize>(op));
}

// ---- giving up -----------------------------------------------------------------------------------------------------------

/**
 * The thread does not want to wait any longer. True if the operation still did: it is delivered with OpStatus.Cancelled, and nothing was
 * taken or lost; that of a Cond once it has the mutex again. Else it has been served, or is being, and is delivered as if this
 * had come later; or, between two steps, whoever takes the next one sees `givenUp`.
 *
 * A step that enters a queue looks at `givenUp` under that queue's lock, and this sets it before it looks into the queue under the
 * same lock. Whichever comes second sees the other, so no operation waits on that was given up.
 */
@host
export function opCancel(op: Op): bool {
  atomic.store<i32>(addressOf(op.givenUp), 1);
  if (!withdraw(op, waiterOf(gOf(op)))) return false;
  op.status = OpStatus.Cancelled;
  operationReady(gOf(op));
  return true;
}

function isGivenUp(op: Op): bool {
  return atomic.load<i32>(addressOf(op.givenUp)) != 0;
}

/** Takes the operation out of whichever queue it waits in; then it is the caller's. False if it is in none, or cannot leave it. */
function withdraw(op: Op, w: Waiter): bool {
  if (op.code == OpCode.Select) {
    const gp = gOf(op);
    if (atomic.cmpxchg<u32>(addressOf(gp.selectDone), 0, 1) != 0) return false;
    gp.param = 0;
    return true;
  }
  const target = op.object.target;
  switch (op.code) {
    case OpCode.Send:
    case OpCode.Recv:
      return withdrawFrom(changetype<HChan>(target), op.code == OpCode.Send, w);
    case OpCode.Lock:
      if (mutexWithdraw(mutexOf(op), w, false)) return true;
      return op.object.kind == ObjectKind.RWMutex && rwWithdrawWriter(changetype<RWMutex>(target), w, false);
    case OpCode.Read:
      return rwWithdrawReader(changetype<RWMutex>(target), w);
    case OpCode.WaitGroup:
      return waitGroupWithdraw(changetype<WaitGroup>(target), w);
    case OpCode.Semaphore:
      return semaphoreWithdraw(changetype<Semaphore>(target), w);
    default:
      return condWithdraw(changetype<Cond>(target), w);
  }
}

/** The thread that was M `mid`'s `gen`th has died in JavaScript: calls off what it waited for, releases what it held. On any other. */
@host
export function threadLost(mid: i32, gen: i32): void {
  opsLost(mid, gen);
  objectsLost(ownerKey(mid, gen));
}

function opsLost(mid: i32, gen: i32): void {
  lock(RECORDS); // none of its records is given back and used by another meanwhile
  let op = load<Op>(RECORDS, RECORDS_ALL);
  for (; changetype<usize>(op) != 0; op = changetype<Op>(op.all)) {
    if (op.mid != mid || op.gen != gen) continue;
    // Nobody is there to see the word `sync`: what becomes of it goes to the mailbox, and if it is over already now.
    const isOver = op.sync != 0 && atomic.xchg<i32>(addressOf(op.sync), 0) == OpSync.Released;
    if (!isOver && op.pending == 0 && op.posted == 0) {
      putFree(op);
      continue;
    }
    if (changetype<usize>(op.object) != 0) atomic.add<i32>(addressOf(op.object.refs), 1);
    atomic.store<i32>(addressOf(op.dead), 1);
    if (isOver) postOp(op);
    else if (op.pending != 0) opCancel(op);
  }
  unlock(RECORDS);
}

// ---- at once or not at all -----------------------------------------------------------------------------------------------

/** Sends the slot at `at` if that is possible at once: OpStatus.Done, OpStatus.Closed, or 0. */
@host
export function chanTrySend(c: HChan, at: usize): i32 {
  const done = send(c, load<u64>(at), false);
  return done == BLOCKED ? 0 : done == CLOSED ? OpStatus.Closed : OpStatus.Done;
}

/** Receives into the slot at `at` if that is possible at once: OpStatus.Done, OpStatus.Closed, or 0. `op` lends its waiter. */
@host
export function chanTryRecv(op: Op, c: HChan, at: usize): i32 {
  const entered = enterCore();
  const saved = g;
  const gp = gOf(op);
  setG(gp);
  const done = recv(c, false);
  setG(saved);
  if (entered) leaveCore();
  if (done == BLOCKED) return 0;
  store<u64>(at, waiterOf(gp).elem);
  return gp.ok ? OpStatus.Done : OpStatus.Closed;
}

/** Adds a case to the select of a record; the first of several clears it. `c` is an HChan; a send's value is at `at`, else 0. */
@host
export function opCase(op: Op, first: bool, c: usize, at: usize): void {
  const entered = enterCore();
  if (op.select == 0) {
    op.select = changetype<usize>(new Select());
  }
  const s = changetype<Select>(op.select);
  if (first) {
    s.count = 0;
    gOf(op).ok = true;
  }
  s.add(c, at != 0, at != 0 ? load<u64>(at) : 0);
  if (entered) leaveCore();
}


@host
export function chanClose(c: HChan): void {
  closechan(c);
}

/** An empty Uint8Array of `n` bytes, for channels of bytes; 0 if there is no memory for it. It is kept until this thread asks for the next one. */
@host
export function bytesNew(n: i32): usize {
  if (!hasRoom(n + 1)) return 0;
  enterCore();
  const bytes = changetype<usize>(new Uint8Array(n));
  m.held = bytes;
  leaveCore();
  return bytes;
}

// ---- looking at them, while no thread makes any more -----------------------------------------------------------------------

export function firstOperation(): Op | null {
  return load<Op | null>(RECORDS, RECORDS_ALL);
}

export function nextOperation(op: Op): Op | null {
  return changetype<Op | null>(op.all);
}

/** Whether somebody awaits the end of an operation; to hear of a context's end, nobody waits. */
export function isAwaited(op: Op): bool {
  return op.pending != 0 && op.sync == 0 && op.object.kind != ObjectKind.Context;
}

/** The operation that an M's thread blocks for without end, if that goes on; null otherwise. */
export function blockedFor(mp: M): Op | null {
  const op = changetype<Op | null>(atomic.load<usize>(addressOf(mp.blockedOn)));
  return op && op.pending != 0 && atomic.load<i32>(addressOf(op.sync)) != OpSync.Released ? op : null;
}

/** What an operation waits for, as a WaitReason. */
export function reasonOf(op: Op): u8 {
  switch (op.code) {
    case OpCode.Send:
      return WaitReason.ChanSend;
    case OpCode.Recv:
      return WaitReason.ChanReceive;
    case OpCode.Select:
      return WaitReason.Select;
    case OpCode.Lock:
      return op.object.kind == ObjectKind.RWMutex ? WaitReason.RWMutexLock : WaitReason.MutexLock;
    case OpCode.Read:
      return WaitReason.RWMutexRLock;
    case OpCode.WaitGroup:
      return WaitReason.WaitGroupWait;
    case OpCode.Semaphore:
      return WaitReason.Semacquire;
    default:
      return WaitReason.CondWait;
  }
}

/** For the collector, with the world stopped: all records, with what they send or have received. */
export function visitOperations(): void {
  for (let op = firstOperation(); op; op = nextOperation(op!)) {
    scanWords(changetype<usize>(op), changetype<usize>(op) + G_OFFSET + G_BYTES);
  }
}
