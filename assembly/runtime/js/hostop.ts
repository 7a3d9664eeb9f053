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
 * any waiter. A record is not reused before its delivery was seen, so `cancel`, which only its own thread calls (or
 * another, if that one has died in JavaScript), never meets another use of it.
 *
 * Steps take locks of channels and semaphores, so goready must not be called with such a lock held; it is not. They never
 * switch stacks: the compiler leaves this file out of the instrumentation (`host/compiler/passes.ts`).
 */
import { OP_CODE, OP_COUNT, OP_G, OP_GEN, OP_MID, OP_OBJECT, OP_SLOT, OP_STATUS, OP_SYNC } from "../../layout";
import { BLOCKED, chanready, CLOSED, HChan, recvLocked, recvq, sendLocked, sendq } from "../chan/chan";
import { clearOwner, countReader, HostObject, ownerKey, setOwner, takeFrom, tellAbandoned } from "./hostobj";
import { lock, plock, punlock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
import { postOwned } from "./noteq";
import { goready } from "../goroutine/proc";
import { g, setG } from "../base/registers";
import { finish, Select, selectgo, selparkcommit } from "../chan/select";
import {
  FOREVER,
  G,
  GKind,
  GStatus,
  G_BYTES,
  NoteKind,
  ObjectKind,
  OpCode,
  OpStatus,
  OpSync,
  Waiter,
  waiterOf,
  addressOf,
} from "../../abi";
import { Cond, condLock, drawTicket, enqueueTicket } from "../sync/cond";
import { acquireOrEnqueue, Mutex, mutexCheckLocked, mutexRelease, mutexSema, mutexStart } from "../sync/mutex";
import { rwAnnounce, RWMutex, rwRead, rwReaderSem, rwWriterSem } from "../sync/rwmutex";
import { checkCount, giveUp, Semaphore, semaphoreLock, takeOrEnqueue } from "../sync/semaphore";
import { WaitGroup, waitGroupSema, waitGroupStart } from "../sync/waitgroup";
import { enqueue, unlink } from "../chan/waitq";


@unmanaged
export class Op {
  // A note.
  note: usize;
  noteKind: i32;
  /** What is to be done: one of OpCode.Send and so on. */
  code: i32;
  /** The M whose thread asked, and that thread's generation. */
  mid: i32;
  gen: i32;
  /** One of OpStatus.Done and so on, once it is over. */
  status: i32;
  /** On what: a HostObject. */
  object: HostObject;
  /** Tickets wanted. Select: the case chosen. */
  count: i32;
  /** The thread's number for it. */
  index: i32;
  /** The value sent or received. */
  slot: u64;
  /** 0: delivered to the mailbox. Else the thread blocks: OpSync.Awaited, OpSync.Asleep once it sleeps, OpSync.Released when it is over. */
  sync: i32;
  /** How far a lock has come that is taken in steps. */
  step: i32;
  /** 1 from begin to delivery, if it waits. */
  pending: i32;
  /** Its thread has died. */
  dead: i32;
  /** The Select of a select, made on first use. */
  select: usize;
  /** Next of all records, and of the free ones. */
  all: usize;
  free: usize;
  private pad: i32;
  // Then its G.
}

const G_OFFSET: usize = OP_G;


@inline
function gOf(op: Op): G {
  return changetype<G>(changetype<usize>(op) + G_OFFSET);
}

/** Records: a lock, all there are, those that nobody uses. */
const RECORDS: usize = memory.data(16, 8);
const RECORDS_ALL: usize = 4;
const RECORDS_FREE: usize = 8;

/** A record for operations of the thread that is M `mid`'s `gen`th. */
export function opNew(mid: i32, gen: i32): Op {
  checkOffsets();
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
    op.noteKind = NoteKind.Op;
    lock(RECORDS);
    op.all = load<usize>(RECORDS, RECORDS_ALL);
    store<Op>(RECORDS, op, RECORDS_ALL);
    unlock(RECORDS);
  }
  op.noteKind = NoteKind.Op;
  op.mid = mid;
  op.gen = gen;
  op.dead = 0;
  op.sync = 0;
  return op;
}

/** Gives a record back. */
export function opFree(op: Op): void {
  op.gen = -1;
  lock(RECORDS);
  op.free = load<usize>(RECORDS, RECORDS_FREE);
  store<Op>(RECORDS, op, RECORDS_FREE);
  unlock(RECORDS);
}

// ---- beginning -----------------------------------------------------------------------------------------------------------

/** Begins an operation: its status if it is over at once, else 0, and the record will be delivered. */
export function opBegin(op: Op): i32 {
  // What panics must do so before anything else: a panic leaves this thread's registers as they are.
  if (op.code == OpCode.Semaphore) checkCount(changetype<Semaphore>(op.object.target), op.count);
  else if (op.code == OpCode.Cond) mutexCheckLocked(changetype<Cond>(op.object.target).mutex);
  op.status = 0;
  op.step = 0;
  op.pending = 1;
  const saved = g;
  setG(gOf(op));
  const done = start(op);
  setG(saved);
  if (!done) return 0; // from now on it may be anybody's
  op.pending = 0;
  return op.status;
}

function start(op: Op): bool {
  switch (op.code) {
    case OpCode.Send:
      return startSend(op, changetype<HChan>(op.object.target));
    case OpCode.Recv:
      return startRecv(op, changetype<HChan>(op.object.target));
    case OpCode.Select:
      return startSelect(op, changetype<Select>(op.select));
    case OpCode.Lock:
      return startLock(op);
    case OpCode.Read: {
      const rw = changetype<RWMutex>(op.object.target);
      if (!rwRead(rw)) return leave(changetype<usize>(rwReaderSem(rw)));
      return granted(op);
    }
    case OpCode.WaitGroup: {
      const wg = changetype<WaitGroup>(op.object.target);
      if (!waitGroupStart(wg)) return leave(changetype<usize>(waitGroupSema(wg)));
      return over(op, OpStatus.Done);
    }
    case OpCode.Semaphore: {
      const s = changetype<Semaphore>(op.object.target);
      if (!takeOrEnqueue(s, op.count)) return leave(semaphoreLock(s));
      return over(op, OpStatus.Done);
    }
    default:
      return startCond(op, changetype<Cond>(op.object.target));
  }
}


@inline
function over(op: Op, status: i32): bool {
  op.status = status;
  return true;
}

/** It is in the queue whose lock this is, and stays there. */
@inline
function leave(lockWord: usize): bool {
  punlock(lockWord);
  return false;
}

function startSend(op: Op, c: HChan): bool {
  plock(changetype<usize>(c));
  const done = sendLocked(c, op.slot);
  if (done == BLOCKED) {
    const w = waiterFor(op);
    w.elem = op.slot;
    enqueue(sendq(c), w);
    return leave(changetype<usize>(c));
  }
  punlock(changetype<usize>(c));
  if (done > CLOSED) goready(changetype<G>(done));
  return over(op, done == CLOSED ? OpStatus.Closed : OpStatus.Done);
}

function startRecv(op: Op, c: HChan): bool {
  plock(changetype<usize>(c));
  const done = recvLocked(c);
  if (done == BLOCKED) {
    const w = waiterFor(op);
    w.elem = 0;
    enqueue(recvq(c), w);
    return leave(changetype<usize>(c));
  }
  punlock(changetype<usize>(c));
  const gp = gOf(op);
  op.slot = waiterOf(gp).elem;
  const status = gp.ok ? OpStatus.Done : OpStatus.Closed;
  if (done > CLOSED) goready(changetype<G>(done));
  return over(op, status);
}


@inline
function waiterFor(op: Op): Waiter {
  const gp = gOf(op);
  const w = waiterOf(gp);
  w.g = gp;
  w.isSelect = false;
  return w;
}

function startSelect(op: Op, s: Select): bool {
  s.failed = false;
  if (selectgo(s, true)) return selected(op, s);
  selparkcommit(changetype<usize>(s));
  return false;
}

/** A select is over: which case, and what it got. */
function selected(op: Op, s: Select): bool {
  op.count = s.chosen;
  op.slot = s.recvValue;
  return over(op, s.failed ? OpStatus.Closed : gOf(op).ok ? OpStatus.Done : OpStatus.Drained);
}

/** Tries a select without waiting: its status as from begin, or 0 if no case can proceed. */
export function opPoll(op: Op): i32 {
  const saved = g;
  setG(gOf(op));
  const s = changetype<Select>(op.select);
  s.failed = false;
  gOf(op).ok = true;
  selectgo(s, false);
  setG(saved);
  if (s.chosen < 0 && !s.failed) return 0;
  selected(op, s);
  return op.status;
}

/** A mutex, or a RWMutex for writing: step 1 waits for the mutex, step 2 for the readers. */
function startLock(op: Op): bool {
  const mu = mutexOf(op);
  op.step = 1;
  if (!mutexStart(mu)) return leave(changetype<usize>(mutexSema(mu)));
  return locked(op);
}


@inline
function mutexOf(op: Op): Mutex {
  const o = op.object;
  return o.kind == ObjectKind.RWMutex ? changetype<RWMutex>(o.target).writers : changetype<Mutex>(o.target);
}

/** The mutex is ours. */
function locked(op: Op): bool {
  if (op.object.kind == ObjectKind.RWMutex) {
    const rw = changetype<RWMutex>(op.object.target);
    op.step = 2;
    if (!rwAnnounce(rw)) return leave(changetype<usize>(rwWriterSem(rw)));
  }
  return granted(op);
}

/** A condition: step 0 waits for the signal, step 1 for the mutex, which is `other`. */
function startCond(op: Op, c: Cond): bool {
  const ticket = drawTicket(c);
  clearOwner(op.object.other!);
  mutexRelease(c.mutex);
  if (enqueueTicket(c, ticket)) return leave(condLock(c));
  return relock(op, c);
}

function relock(op: Op, c: Cond): bool {
  op.step = 1;
  if (!mutexStart(c.mutex)) return leave(changetype<usize>(mutexSema(c.mutex)));
  return granted(op);
}

/**
 * The lock is the thread's. If that thread has died meanwhile it is released again: either we see `dead` here, or who set that
 * sees the owner afterwards, or both; `takeFrom` lets one of them release it.
 */
function granted(op: Op): bool {
  const key = ownerKey(op.mid, op.gen);
  let o = op.object;
  if (op.code == OpCode.Read) {
    countReader(o, key, 1);
    return over(op, tellAbandoned(o) ? OpStatus.Abandoned : OpStatus.Done);
  }
  if (op.code == OpCode.Cond) o = o.other!;
  const abandoned = setOwner(o, key);
  if (atomic.load<i32>(addressOf(op.dead)) != 0 && takeFrom(o, key)) {
    if (o.kind == ObjectKind.RWMutex) changetype<RWMutex>(o.target).unlock();
    else mutexRelease(changetype<Mutex>(o.target));
  }
  return over(op, abandoned ? OpStatus.Abandoned : OpStatus.Done);
}

// ---- going on ------------------------------------------------------------------------------------------------------------

/** Somebody has taken the operation's waiter from the queue: the next step. On any thread, with no lock of a queue held. */
export function operationReady(gp: G): void {
  const op = changetype<Op>(gp.task);
  const saved = g;
  setG(gp);
  const done = resume(op, gp);
  setG(saved);
  if (done) deliver(op);
}

function resume(op: Op, gp: G): bool {
  switch (op.code) {
    case OpCode.Send:
      return op.status != 0 || over(op, waiterOf(gp).success ? OpStatus.Done : OpStatus.Closed);
    case OpCode.Recv:
      op.slot = waiterOf(gp).elem;
      return op.status != 0 || over(op, waiterOf(gp).success ? OpStatus.Done : OpStatus.Closed);
    case OpCode.Select: {
      const s = changetype<Select>(op.select);
      finish(s);
      if (s.chosen < 0) return over(op, OpStatus.Cancelled);
      return selected(op, s);
    }
    case OpCode.Lock: {
      if (op.step == 2) return granted(op);
      const mu = mutexOf(op);
      if (!acquireOrEnqueue(mu)) return leave(changetype<usize>(mutexSema(mu)));
      return locked(op);
    }
    case OpCode.Cond: {
      const c = changetype<Cond>(op.object.target);
      if (op.step == 0) return relock(op, c);
      if (!acquireOrEnqueue(c.mutex)) return leave(changetype<usize>(mutexSema(c.mutex)));
      return granted(op);
    }
    case OpCode.Read:
      return granted(op);
    default:
      return op.status != 0 || over(op, OpStatus.Done);
  }
}

/** It is over, and the record is its thread's again. */
function deliver(op: Op): void {
  op.pending = 0;
  const word = changetype<usize>(op) + OP_SYNC;
  const was = op.sync != 0 ? atomic.xchg<i32>(word, OpSync.Released) : 0;
  if (was == OpSync.Asleep) atomic.notify(word, 1);
  else if (was == 0) postOwned(op.mid, op.gen, changetype<usize>(op));
}

// ---- giving up -----------------------------------------------------------------------------------------------------------

/**
 * The thread does not want to wait any longer: if the operation still does, it is delivered with OpStatus.Cancelled, and no value was
 * taken or lost; else it has been, or is being, delivered. False also for locks, which cannot be called off: who is granted
 * one that it does not want releases it.
 */
export function opCancel(op: Op): bool {
  const gp = gOf(op);
  const w = waiterOf(gp);
  let waited = false;
  if (op.code == OpCode.Select) {
    waited = atomic.cmpxchg<u32>(addressOf(gp.selectDone), 0, 1) == 0;
    if (waited) gp.param = 0;
  } else if (op.code == OpCode.Send || op.code == OpCode.Recv) {
    const c = changetype<HChan>(op.object.target);
    plock(changetype<usize>(c));
    waited = unlink(op.code == OpCode.Send ? sendq(c) : recvq(c), w);
    if (waited) op.status = OpStatus.Cancelled;
    punlock(changetype<usize>(c));
  } else if (op.code == OpCode.Semaphore) {
    waited = giveUp(changetype<Semaphore>(op.object.target), w);
    if (waited) op.status = OpStatus.Cancelled;
  }
  if (waited) operationReady(gp);
  return waited;
}

/** The thread that was M `mid`'s `gen`th has died in JavaScript: calls off what it waited for. On any other thread. */
export function opsLost(mid: i32, gen: i32): void {
  lock(RECORDS); // none of its records is given back and used by another meanwhile
  let op = load<Op>(RECORDS, RECORDS_ALL);
  for (; changetype<usize>(op) != 0; op = changetype<Op>(op.all)) {
    if (op.mid != mid || op.gen != gen) continue;
    atomic.store<i32>(addressOf(op.dead), 1);
    if (op.sync != 0) {
      // Nobody is there to see the word: what becomes of it goes to the mailbox, if it is not over yet.
      const word = changetype<usize>(op) + OP_SYNC;
      if (atomic.xchg<i32>(word, 0) == OpSync.Released) postOwned(mid, gen, changetype<usize>(op));
    }
    if (op.pending != 0) opCancel(op);
  }
  unlock(RECORDS);
}

// ---- at once or not at all -----------------------------------------------------------------------------------------------

/** Sends the slot at `at` if that is possible at once: OpStatus.Done, OpStatus.Closed, or 0. */
export function tryNow(c: HChan, at: usize): i32 {
  if (!chanready(c, true)) return 0;
  plock(changetype<usize>(c));
  const done = sendLocked(c, load<u64>(at));
  punlock(changetype<usize>(c));
  if (done == BLOCKED) return 0;
  if (done > CLOSED) goready(changetype<G>(done));
  return done == CLOSED ? OpStatus.Closed : OpStatus.Done;
}

/** Receives into the slot at `at` if that is possible at once: OpStatus.Done, OpStatus.Closed, or 0. `op` lends its waiter. */
export function tryTake(op: Op, c: HChan, at: usize): i32 {
  if (!chanready(c, false)) return 0;
  const saved = g;
  const gp = gOf(op);
  setG(gp);
  plock(changetype<usize>(c));
  const done = recvLocked(c);
  punlock(changetype<usize>(c));
  setG(saved);
  if (done == BLOCKED) return 0;
  if (done > CLOSED) goready(changetype<G>(done));
  store<u64>(at, waiterOf(gp).elem);
  return gp.ok ? OpStatus.Done : OpStatus.Closed;
}

/** Adds a case to the select of a record; the first of several clears it. `c` is an HChan; a send's value is at `at`, else 0. */
export function selectAdd(op: Op, first: bool, c: usize, at: usize): void {
  if (op.select == 0) {
    const made = new Select();
    made.hosted = true;
    op.select = changetype<usize>(made);
  }
  const s = changetype<Select>(op.select);
  if (first) {
    s.count = 0;
    gOf(op).ok = true;
  }
  s.add(c, at != 0, at != 0 ? load<u64>(at) : 0);
}

/** Compiled, not run. */
function checkOffsets(): void {
  if (<i32>offsetof<Op>("code") != OP_CODE) ERROR("Op.code");
  if (<i32>offsetof<Op>("mid") != OP_MID) ERROR("Op.mid");
  if (<i32>offsetof<Op>("gen") != OP_GEN) ERROR("Op.gen");
  if (<i32>offsetof<Op>("status") != OP_STATUS) ERROR("Op.status");
  if (<i32>offsetof<Op>("object") != OP_OBJECT) ERROR("Op.object");
  if (<i32>offsetof<Op>("count") != OP_COUNT) ERROR("Op.count");
  if (<i32>offsetof<Op>("slot") != OP_SLOT) ERROR("Op.slot");
  if (<i32>offsetof<Op>("sync") != OP_SYNC) ERROR("Op.sync");
  if (<i32>offsetof<Op>() > OP_G) ERROR("OP_G");
}
