/**
 * The state of the scheduler: G (a goroutine), M (a thread), P (the right to run goroutines, with what that takes: a run
 * queue, timers, allocator caches), `Sched` (what all share), and `Waiter` (a goroutine in some queue).
 *
 * All are `@unmanaged`: plain structs in linear memory. Ps and Ms sit in arrays at addresses given by `layout.ts`; Gs are
 * allocated in chunks and never freed, only reused, so a pointer to a G is always a pointer to a G.
 *
 * Each field says who writes it. "Owner" means the M that runs the G, or holds the P, or the M itself; hand-overs between
 * owners go through an atomic operation on a queue, a status or a lock, which orders the plain fields before it.
 * Fields that different threads write at high rates keep a cache line's distance.
 */
import { M_SIZE, MS_BASE, P_SIZE, PS_BASE, SCHED_BASE } from "../layout";

// ---- goroutines ------------------------------------------------------------------------------------------------------

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
  /** Select: the index of the case. */
  index: i32;
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
// @ts-ignore: decorator
@inline
export function isPlain(gp: G): bool {
  return load<u32>(changetype<usize>(gp), offsetof<G>("exiting")) == 0;
}

/** From now on `isPlain`. */
// @ts-ignore: decorator
@inline
export function makePlain(gp: G): void {
  store<u32>(changetype<usize>(gp), 0, offsetof<G>("exiting"));
}

/** The Waiter inside a G. */
// @ts-ignore: decorator
@inline
export function waiterOf(gp: G): Waiter {
  return changetype<Waiter>(changetype<usize>(gp) + offsetof<G>("waiter0"));
}

/** Where a G has room for its own task, until that begins: TASK_ROOM bytes, which its Waiter shares. */
// @ts-ignore: decorator
@inline
export function ownTask(gp: G): usize {
  return changetype<usize>(gp) + OWN_TASK;
}
// @ts-ignore: decorator
@inline
export const OWN_TASK: usize = offsetof<G>("waiter0");
// @ts-ignore: decorator
@inline
export const TASK_ROOM: usize = offsetof<G>("out") - OWN_TASK;

/** The stack buffer inside a G, and its size. */
// @ts-ignore: decorator
@inline
export function ownStack(gp: G): usize {
  return changetype<usize>(gp) + offsetof<G>("stack0");
}
// @ts-ignore: decorator
@inline
export const OWN_STACK_BYTES: u32 = 32;

/** Bytes of a G with its Waiter. */
// @ts-ignore: decorator
@inline
export const G_BYTES: usize = offsetof<G>();

// ---- threads ---------------------------------------------------------------------------------------------------------

/** A thread. M0 is the main thread's instance: it submits and drains and never runs goroutines. */
@unmanaged
export class M {
  // Asyncify's view of the scratch buffer that stacks are unwound into.
  scratchTop: usize;
  scratchEnd: usize;
  scratch: usize;
  id: i32;
  /** The P it holds, or null (owner; a nascent M finds it here). */
  p: P | null;
  /** The P that whoever wakes it has put down for it: written before `park` is set. */
  nextp: P | null;
  /** The goroutine it runs (owner). */
  curg: G | null;
  /** What gopark wants done once the stack is saved: the address of a lock to release, or of a Select's channels. */
  waitUnlock: usize;
  /** Where the goroutine goes that has just been switched out: one of Switch. */
  switchTo: u8;
  /** It is looking for work (owner); counted in sched.nmspinning. */
  spinning: bool;
  /** Blocking calls that it is inside of, one within the other (owner). */
  syscalls: u8;
  /** The goroutine wired to it by lockOSThread, or null (owner). */
  lockedg: G | null;
  /** The P it had when it went into a blocking call; it may be another's by now (owner). */
  oldp: P | null;
  /** State of its random numbers (owner). */
  rand: u64;
  private pad4: u64;
  // Offset M_GOROUTINES: counters for stats (owner).
  goroutines: u64;
  switches: u64;
  steals: u64;
  parks: u64;
  private pad0: u64;
  private pad1: u64;
  private pad2: u64;
  private pad3: u64;
  /** Where it parks: 0 awake or spinning, PARKED asleep, WOKEN told to look (see `mp.ts`). On its own line, for wakers write it. */
  park: i32;
  /** Link in sched's list of idle Ms (sched.lock). */
  idlelink: M | null;
  /** Link in sched's lists of Ms to start and of Ms that have ended (sched.lock). */
  newlink: M | null;
  /** Set by sysmon and by who stops the world: the goroutine is to yield at its next safepoint. Cleared by the M. */
  preempt: u32;
  /** When it became idle, by sysmon's clock (sched.lock). */
  idleSince: i64;
  /** Where the host writes a stack down that this M traces, and how much it wrote (owner). */
  traceText: usize;
  traceLength: i32;
  /** It is to end: it has been idle for long. */
  ending: bool;
  /** Its thread has been through `mstart` once: whoever made the M has given it a P, or put it on the idle list (owner; newm). */
  started: bool;
  /** Its thread is in its event loop, or on the way there (owner, under sched.lock): one of Hosted. */
  hosted: u8;
  /** It is on sched's list of Ms in their event loops (under sched.lock). */
  onHostList: bool;
  /** It has been given a P to run its locked goroutine with, and has not yet begun (owner). */
  lockedReady: bool;
  /** Where it has the kernel write events of the network, or 0 (owner). */
  pollEvents: usize;
  /** Link in sched's list of Ms in their event loops (sched.lock). */
  hostlink: M | null;
  /** When its thread last had a turn of its event loop (owner). */
  lastTurn: i64;
  private pad5: u64;
  /** Its thread's mailbox: a stack of notes, newest first; pushed by anybody, taken whole by the thread (see `noteq.ts`). */
  mail: usize;
  private pad7: u64;
  private pad8: u64;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  /** Where the thread is: one of MARK_* or a goroutine's (see `jsgo.ts`). Written by the thread; by who is to kill it. */
  mark: i32;
  /** Results that its JavaScript waits for: while there are any, its event loop gets turns. Written by the thread. */
  owed: i32;
  /** How many threads have been this M before; it tells their mail apart. */
  gen: i32;
  /** How long the event loop may wait, in µs; 0 for as long as it likes (owner). */
  waitUs: i32;
  /** A Text that says why the thread is to be killed, or 0; written by who doomed it. */
  lastWords: usize;
  /** Link in sched's list of Ms to be killed, and whether it is there (sched.lock). */
  killlink: M | null;
  onKillList: bool;
  /** It is awake, and the JavaScript function that it runs, or ran last, is a quick one (owner). */
  quick: bool;
  /** It runs JavaScript and has lost its P; counted in sched.jsblocked (under sched.lock). */
  jsBlocked: bool;
}

/** Whether an M's thread is in its event loop. */
export namespace Hosted {
  export const No: u8 = 0;
  /** It has nothing to run and waits there to be woken. */
  export const Wait: u8 = 1;
  /** It goes there for one turn, its P in the state of a blocking call. */
  export const Turn: u8 = 2;
}

/** What becomes of a goroutine that is switched out. */
export namespace Switch {
  /** It waits: the lock at `m.waitUnlock` is released. */
  export const Park: u8 = 0;
  /** It waits in a select, whose channels are released. */
  export const Select: u8 = 1;
  /** It goes to the end of its P's queue. */
  export const Yield: u8 = 2;
  /** It goes to the end of the global queue: it was preempted, or has come out of a blocking call and found no P. */
  export const Global: u8 = 3;
  /** It waits for the network: whoever makes the word at `m.waitUnlock` ready finds it there. */
  export const Netpoll: u8 = 4;
}

// ---- processors ------------------------------------------------------------------------------------------------------

/** States of a P. */
export namespace PStatus {
  export const Idle: u32 = 0;
  export const Running: u32 = 1;
  export const Syscall: u32 = 2;
  export const Gcstop: u32 = 3;
  export const Dead: u32 = 4;
}

/** Slots of a P's run queue; a power of two, as in Go. */
// @ts-ignore: decorator
@inline
export const RUNQ_LENGTH: u32 = 256;

/** Size classes of the allocator, see `malloc.ts`. */
// @ts-ignore: decorator
@inline
export const CLASS_COUNT: i32 = 40;

/** One class of one P's allocator cache: a list of freed cells and a fresh run to cut cells from. */
@unmanaged
export class Cache {
  free: usize;
  freeCount: i32;
  bump: usize;
  bumpEnd: usize;
}


@unmanaged
export class P {
  id: i32;
  /** One of PStatus; changed by compare-and-swap where two might. */
  status: u32;
  m: M | null;
  /** Counts schedule's turns, and the turn that is to look at the global queue first: each 61st (owner). */
  schedtick: u32;
  globalTick: u32;
  /** Link in sched's list of idle Ps (sched.lock). */
  idlelink: P | null;
  /** Dead goroutines for reuse, and as many as `gs.ts` moves at a time, or null (owner). */
  gfree: G | null;
  gfreeCount: i32;
  gspare: G | null;
  /** Next goroutine numbers, taken from sched in batches (owner). */
  goidNext: i64;
  goidEnd: i64;
  /** Goroutines started less goroutines ended on this P (owner); numGoroutine adds them up. */
  gcount: i64;
  /** The same of JavaScript goroutines, which main's return does not end. */
  jscount: i64;
  /** Blocking calls so far: entered or left (owner; and sysmon, which retakes the P). */
  syscalltick: u32;
  /** The last slice that ended was followed by what a timer had made ready (owner). */
  timerTurn: bool;
  // What sysmon saw of this P, and when; sysmon's own.
  seenSchedtick: u32;
  seenSyscalltick: u32;
  seenScheduled: i64;
  seenSyscall: i64;
  seenStall: i64;
  /** The run queue's consumer index: advanced by the owner and by thieves, always by compare-and-swap. */
  runqhead: u32;
  private pad1: u32;
  private pad2: u64;
  private pad3: u64;
  private pad4: u64;
  private pad5: u64;
  private pad6: u64;
  private pad7: u64;
  private pad8: u64;
  /** The producer index: written by the owner only, read by thieves. */
  runqtail: u32;
  /** The goroutine to run next, before the queue; thieves may take it. A G or 0, swapped atomically. */
  runnext: usize;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  private pad14: u64;
  private pad15: u64;
  /** Timers: a heap of `Timer` pointers (see `time.ts`), all guarded by timersLock but timer0When. */
  timersLock: i32;
  timersLength: i32;
  timersCap: i32;
  timers: usize;
  /** When the first timer is due, 0 for none; written under timersLock, read by anybody. */
  timer0When: i64;
  private pad16: u64;
  private pad17: u64;
  private pad18: u64;
  private pad19: u64;
  private pad20: u64;
}

// @ts-ignore: decorator
@inline
export const P_RUNQ: usize = 384;
// @ts-ignore: decorator
@inline
export const P_CACHES: usize = P_RUNQ + RUNQ_LENGTH * sizeof<usize>();

// @ts-ignore: decorator
@inline
export function runqSlot(pp: P, i: u32): usize {
  return changetype<usize>(pp) + P_RUNQ + ((i & (RUNQ_LENGTH - 1)) << alignof<usize>());
}

// @ts-ignore: decorator
@inline
export function cacheOf(pp: P, sizeClass: i32): Cache {
  return changetype<Cache>(changetype<usize>(pp) + P_CACHES + sizeClass * offsetof<Cache>());
}

// ---- the scheduler ---------------------------------------------------------------------------------------------------

/** States of goroutine 1: there is none, it runs top-level code only, it runs main, main has called goexit. */
export namespace MainState {
  export const None: i32 = 0;
  export const Init: i32 = 1;
  export const Main: i32 = 2;
  export const Exited: i32 = 3;
}

/** Reasons for Ms not to go on with the next goroutine at once. */
export namespace Attention {
  /** The world is being stopped: Ms give up their Ps. */
  export const Stop: i32 = 2;
  /** A dump of all goroutines is wanted. */
  export const Dump: i32 = 4;
}


@unmanaged
export class Sched {
  // The host's fields, at the offsets that layout.ts gives.
  hostWake: i32;
  exitCode: i32;
  state: i32;
  /**
   * What every M looks at before it runs another goroutine, together with the state: bits of `Attention`. Written under
   * the lock, read without.
   */
  attention: i32;
  mcount: i32;
  nprocs: i32;
  heapPages: i32;
  sysmonWake: i32;
  /** 1 while the main thread sleeps, or is about to; then whoever fills its mailbox must notify. */
  hostAsleep: i32;
  /** What the I/O thread sleeps on, if there is one. */
  ioWake: i32;
  /** Goroutine 1: one of MainState (under the lock). */
  main: i32;

  /** Ms that have a thread, and how many of those are idle (under the lock). */
  mlive: i32;
  /** 0 once user code has run without a P (see `syscall.ts`). */
  soloAllowed: i32;
  /** 1 while there is a single P: what only holders of a P touch then needs neither locks nor atomics. */
  solo: i32;
  /**
   * 1: the scheduler that Go abandoned in 2012, for comparison. All goroutines are in the global queue under its lock; a P
   * is nothing but the right to run and the allocator's caches.
   */
  gm: i32;
  numCPU: i32;
  maxThreads: i32;
  maxPages: i32;
  heapBase: usize;
  /** The program's current epoch (see G.epoch). */
  epoch: u32;
  /** No M is made beyond so many: what would need one waits until an M is free. 0: there is no such number. */
  threadGoal: i32;
  private pad0: u32;
  private pad1: u64;
  private pad2: u64;
  private pad3: u64;
  private pad4: u64;
  private pad5: u64;

  // What is above is seldom written, and looked at with every goroutine.
  /** Guards everything up to the next line: the global queue and the idle lists. */
  lock: i32;
  /** Global run queue. */
  runqHead: G | null;
  runqTail: G | null;
  /** Its length; written under the lock, read without. */
  runqSize: i32;
  idleM: M | null;
  nmidle: i32;
  idleP: P | null;
  /** Dead goroutines that no P has: batches as Ps give them up (`gs.ts`), single ones, and how many there are in all. */
  gbatches: G | null;
  gfree: G | null;
  gfreeCount: i32;
  /** First of all Gs ever made; pushed by compare-and-swap. */
  allgs: usize;
  private pad6: u32;
  private pad7: u64;
  private pad8: u64;

  // On one line, for whoever makes work visible looks at both, and they change together.
  /** Idle Ps; written under the lock, read without. */
  npidle: i32;
  /** Ms looking for work. At most half the busy Ps' number may be. */
  nmspinning: i32;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  private pad14: u64;
  private pad15: u64;

  /** The next batch of goroutine numbers. */
  goidgen: i64;
  /** The M that sleeps until the next timer, and when it wakes by itself; 0 and 0 for none. Under the lock. */
  timerM: usize;
  timerWhen: i64;
  /** Numbers of JavaScript functions given out. Atomic. */
  jsfns: i32;
  /** Ms whose P was taken away while they ran JavaScript. Under the lock; read without. */
  jsblocked: i32;
  /** Printing: one writer at a time. */
  printLock: i32;
  /** Allocator: the page heap's lock and the first page never used. */
  pageLock: i32;
  pageNext: u32;
  freeRuns: usize;
  /** Goroutines started less ended by threads without a P; part of numGoroutine. Atomic. */
  gcount: i64;
  /** The same of JavaScript goroutines. Atomic. */
  jscount: i64;
  /** Ms that wait in their event loops, with nothing to run; through hostlink, under the lock. */
  hostM: M | null;
  /** Ms whose threads sysmon is to have killed; through killlink, under the lock. */
  killM: M | null;
  /** Ms whose threads sysmon is to start, and Ms whose threads have ended, for reuse; through newlink, under the lock. */
  newM: M | null;
  freeM: M | null;
  /** Ms ever made; ids are below this or equal. `mcount` counts those with a thread. Under the lock. */
  mids: i32;
  /** Ms in blocking calls that have lost their P, and Ms that wait for their locked goroutine. Under the lock. */
  nmblocked: i32;
  nmlocked: i32;
  /** While the world is being stopped: Ps that have not stopped yet. Under the lock; a futex for who waits. */
  stopwait: i32;
  /** 1 while somebody stops the world or resizes it. Atomic. */
  worldBusy: i32;
  /** Not 0 while sysmon sleeps because nothing happens (see `sysmon.ts`). Atomic. */
  sysmonIdle: i32;
  // Settings of SKEIN_DEBUG, from the host: milliseconds, 0 for off.
  schedtrace: i32;
  scheddetail: i32;
  stall: i32;
  leaks: i32;
  /** When the next line of schedtrace is due; sysmon's. */
  nextTrace: i64;
  /** The clock as sysmon last read it, and when the program began. */
  coarseNow: i64;
  startTime: i64;

  // The netpoller (`netpoll.ts`).
  /** Goroutines parked until the network, or the host, has something for them. Atomic. */
  netWaiters: i32;
  /** One of PollerKind; written under pollLock. */
  pollerKind: i32;
  /** When somebody last polled; 0 while an M blocks in doing so. Atomic. */
  lastpoll: i64;
  /** The timer M polls the network, instead of sleeping on its futex. Under `lock`. */
  timerMPolls: bool;
  pollLock: i32;
  epollFd: i32;
  eventFd: i32;
  /** Where an epoll_event has its data, and how large it is. */
  eventData: i32;
  eventSize: i32;
  /** Requests for the I/O thread (`net/stdlib.ts`): an `mpsc.ts` queue. */
  ioRequests: usize;
  /** PollDescs that serve no descriptor, and all ever made; under pollLock. */
  freePollDescs: usize;
  allPollDescs: usize;
}

/** The epoch of goroutines that no program's end ends. */
// @ts-ignore: decorator
@inline
export const FOREVER: u32 = 0xffff_ffff;

/** The epoch of Gs that are no goroutines but stand for an operation of JavaScript in a queue (see `hostop.ts`). */
// @ts-ignore: decorator
@inline
export const OPERATION: u32 = 0xffff_fffe;

// @ts-ignore: decorator
@inline
export const sched: Sched = changetype<Sched>(SCHED_BASE);

// @ts-ignore: decorator
@inline
export function allp(i: i32): P {
  return changetype<P>(PS_BASE + i * P_SIZE);
}

// @ts-ignore: decorator
@inline
export function allm(i: i32): M {
  return changetype<M>(MS_BASE + i * M_SIZE);
}
