/** G, a goroutine, and Waiter, a goroutine in some queue (see `index.ts`). */
import { addressOf } from "./address";
import { M } from "./m";

/** The epoch of what belongs to no program, so that no program's end ends it. */
export const FOREVER: u32 = 0xffff_ffff;

/** What a G is. */
export namespace GKind {
  /** A goroutine of the program: it ends with that. All others have the epoch FOREVER. */
  export const Program: u8 = 0;
  /** A goroutine whose function is JavaScript (see `jsgo.ts`). */
  export const Js: u8 = 1;
  /** A goroutine that does something for the host. */
  export const Host: u8 = 2;
  /** No goroutine: it stands for an operation of JavaScript in a queue (see `operation.ts`). */
  export const Operation: u8 = 3;
  /** A goroutine of the collector's, which is not counted. */
  export const Runtime: u8 = 4;
}

/** Goroutine states, as in Go. */
export namespace GStatus {
  /** Unused: on a free list, or being set up. */
  export const Idle: u32 = 0;
  /** On a run queue. */
  export const Runnable: u32 = 1;
  /** Owned by an M and its P. */
  export const Running: u32 = 2;
  /** Parked; its stack is in its own buffer, or about to be (see `gopark`). */
  export const Waiting: u32 = 4;
  /** Ended. */
  export const Dead: u32 = 6;
}

/** Why a goroutine waits; the words are in `waitReasonText`. */
export namespace WaitReason {
  export const None: u8 = 0;
  export const ChanReceive: u8 = 1;
  export const ChanSend: u8 = 2;
  export const Select: u8 = 3;
  export const SelectNoCases: u8 = 4;
  export const MutexLock: u8 = 5;
  export const RWMutexLock: u8 = 6;
  export const RWMutexRLock: u8 = 7;
  export const WaitGroupWait: u8 = 8;
  export const CondWait: u8 = 9;
  export const Semacquire: u8 = 10;
  export const Sleep: u8 = 11;
  export const ChanReceiveNil: u8 = 12;
  export const ChanSendNil: u8 = 13;
  export const IOWait: u8 = 14;
  export const Await: u8 = 15;
  export const Import: u8 = 16;
  export const Gc: u8 = 17;
  // In C.
  export const PthreadMutex: u8 = 18;
  export const PthreadCond: u8 = 19;
  export const PthreadRwlock: u8 = 20;
  export const PthreadJoin: u8 = 21;
  export const PthreadBarrier: u8 = 22;
  export const PthreadOnce: u8 = 23;
  export const SemWait: u8 = 24;
  export const Stdio: u8 = 25;
}

/**
 * A goroutine in a queue: of a channel, or of a semaphore. Each G has one inside it, which serves every operation that
 * waits on one thing; a `Select` has one per case. Guarded by the lock of the queue it is in.
 */
@unmanaged
export class Waiter {
  /** The value to send, or the place for the value received; small values in the low bits. */
  elem: u64;
  g: G;
  next: Waiter | null;
  prev: Waiter | null;
  /** Semaphores: the number of tickets wanted. */
  count: i32;
  /** The queue it is in, 0 for none. */
  q: usize;
  /** One of several cases: whoever wakes it must win `g.selectDone` first. */
  isSelect: bool;
  /** Set by the waker: a value was passed (true), or the channel was closed (false). */
  success: bool;
}

/**
 * A goroutine. Parked, it is this struct and the bytes at `stack`: any M can resume it.
 *
 * Gs lie on cache lines of their own, by what is used together: starting, running and ending one that never parks takes the
 * first line and, for its task, the second; Ms that hand goroutines to each other exchange no more than these.
 */
@unmanaged
export class G {
  // Asyncify's view of the saved stack: where the frames end, and the limit. startRewind takes the address of these two.
  stackTop: usize;
  stackEnd: usize;
  /** One of GStatus. Written by the owner; read by anybody. */
  status: u32;
  /** Link in a run queue, free list or list of goroutines to make ready. */
  schedlink: G | null;
  /** Table index of the function at the bottom of its stack, and the task that it is called with. */
  entry: i32;
  task: usize;
  /** The M that runs it, or ran it last (owner). */
  m: M;
  // The next four are looked at as one word (`isPlain`).
  /** It called goexit: its stack is to be dropped. */
  exiting: bool;
  /** A JavaScript goroutine that goes on in its M's event loop (that M). */
  detached: bool;
  /** Calls of lockOSThread not undone (owner); while there are any, only `lockedm` runs it. */
  lockedCount: u8;
  /** Its end is not all: it is goroutine 1, or one of `out`, `err`, `once`, `call`, `netError` has been set (owner). */
  owes: bool;
  /** Its number; 1 is main. */
  id: i64;
  /** The program it belongs to: main's return ends all goroutines of its epoch. */
  epoch: u32;
  /** The comma-ok of the latest receive. */
  ok: bool;
  /** One of GKind; written by who makes it, Program again when it is buried. */
  kind: u8;
  /** `gc.cycle` once its frames have been scanned, 0 if it has run since; anything else: not in this cycle (see `gc/roots.ts`). */
  scanned: u8;
  /** It waits for what nothing else was found to reach, when that was looked for last (`gc/survey.ts`; the collector). */
  leaked: bool;
  /** Buffer of the saved frames (owner), and its capacity in bytes: at first the one inside the G. */
  stack: usize;
  stackCap: u32;
  /** The goroutine that started it. */
  creator: i64;

  // The second line: before it begins its task (`ownTask`), then what it waits with.
  private waiter0: u64;
  private waiter1: u64;
  private waiter2: u64;
  private waiter3: u64;
  /** nanotime() at which it was parked, for dumps; sysmon's clock, so as old as its last turn. */
  waitSince: i64;
  /** What it waits for: the lock of a channel or semaphore, or a Select. */
  waitOn: usize;
  /** Who woke it: a Waiter, or 0 (the waker writes it before goready). */
  param: usize;
  /** A select's cases race for the goroutine: the one that turns this from 0 to 1 wakes it. */
  selectDone: u32;
  waitReason: u8;
  private taskEnd: u64;

  // The third: what few goroutines have.
  /** Its unfinished lines of output (a LineBuffer each for descriptors 1 and 2), or 0. */
  out: usize;
  err: usize;
  /** Its timer for sleep, made on first use. */
  sleepTimer: usize;
  /** The innermost `Deferral` to be ended with it: a Once or Pool whose function it runs (see `sync/deferral.ts`), or 0. */
  once: usize;
  /** The task of the host's call that it serves, or 0. */
  call: usize;
  /** What its latest network call that failed says, a string, or 0 (owner); a collector must see it. */
  netError: usize;
  /** The address of who sent what it received last from a packet connection: a block of its own, or 0 (owner). */
  netSender: usize;
  /** Next of all Gs ever made; written once. */
  alllink: G | null;
  private stack0: u64;
  private stack1: u64;
  private stack2: u64;
  private stack3: u64;
}

/** Nothing special about the end of this goroutine: it has none of `exiting`, `detached`, `lockedCount` and `owes`. */
@inline
export function isPlain(gp: G): bool {
  return load<u32>(changetype<usize>(gp), offsetof<G>("exiting")) == 0;
}

/** From now on `isPlain`. */
@inline
export function makePlain(gp: G): void {
  store<u32>(changetype<usize>(gp), 0, offsetof<G>("exiting"));
}

/** The Waiter inside a G. */
@inline
export function waiterOf(gp: G): Waiter {
  return changetype<Waiter>(addressOf(gp.waiter0));
}

/** Where a G has room for its own task, until that begins: TASK_ROOM bytes, which its Waiter shares. */
@inline
export function ownTask(gp: G): usize {
  return changetype<usize>(gp) + OWN_TASK;
}
export const OWN_TASK: usize = offsetof<G>("waiter0");
export const TASK_ROOM: usize = offsetof<G>("out") - OWN_TASK;

/** The stack buffer inside a G, and its size. */
@inline
export function ownStack(gp: G): usize {
  return addressOf(gp.stack0);
}
export const OWN_STACK_BYTES: u32 = 32;

/** Bytes of a G with its Waiter. */
export const G_BYTES: usize = offsetof<G>();
