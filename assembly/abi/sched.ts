/** Sched, what all Ms and Ps share (see `index.ts`). */
import { SCHED_BASE } from "../layout";
import { G } from "./g";
import { M } from "./m";
import { P } from "./p";

/** States of goroutine 1: there is none, it runs top-level code only, it runs main, main has called goexit. */
export namespace MainState {
  export const None: i32 = 0;
  export const Init: i32 = 1;
  export const Main: i32 = 2;
  export const Exited: i32 = 3;
}

/** How far the program is. */
export namespace ProgramState {
  export const Running: i32 = 0;
  /** Somebody called exit, or a panic or fatal error is being reported: nothing more is printed by anybody else. */
  export const Exiting: i32 = 1;
  /** The exit code is valid; the main thread may end the process. */
  export const Exited: i32 = 2;
  /** Library form: `close()` was called, Ms return from mstart as soon as they look. */
  export const Closing: i32 = 3;
}

/** How the main thread is to be told that there is something in its mailbox. */
export namespace MainSleep {
  /** It looks there by itself. */
  export const Awake: i32 = 0;
  /** It sleeps in its event loop until `mainWake` is notified, or is about to. */
  export const Asleep: i32 = 1;
  /** It blocks on `mainSleep` itself, for a moment; who wakes it makes that Awake. */
  export const Blocked: i32 = 2;
}

/** Whether sysmon sleeps because nothing happens. */
export namespace SysmonSleep {
  export const No: i32 = 0;
  /** Whoever takes an idle P wakes it. */
  export const Asleep: i32 = 1;
  /** For a moment: only a blocking call wakes it. */
  export const Dozing: i32 = 2;
}

/** What the thread that has called `sysmon` is to do: the three lowest bits of what that returned, below the number of the M concerned. */
export namespace SysmonWish {
  /** The program is over. */
  export const End: i32 = 0;
  /** A turn of its event loop. */
  export const Turn: i32 = 1;
  /** Start the thread of an M. */
  export const Start: i32 = 2;
  /** Kill the thread of an M, and call `mlost`. */
  export const Kill: i32 = 3;
  /** Give memory back to the system, and call `released`: so many pages, from the one that has the number. */
  export const Release: i32 = 4;
}

/** Where in that the number begins, and, of `Release`, how many pages. */
export namespace WishShift {
  export const Number: i32 = 3;
  export const Pages: i32 = 20;
}

/** Reasons for Ms not to go on with the next goroutine at once. */
export namespace Attention {
  /** The world is being stopped: Ms give up their Ps. */
  export const Stop: i32 = 2;
  /** A dump of all goroutines is wanted. */
  export const Dump: i32 = 4;
  /** A collection is wanted. */
  export const Gc: i32 = 8;
  /** Objects are being marked: Ms do some of that between goroutines. No reason not to go on. */
  export const Mark: i32 = 16;
}


@unmanaged
export class Sched {
  /** Bumped and notified whenever a note is waiting for the main thread. Written by Ms, read by the main thread. */
  @atomic mainWake: i32;
  /** Valid once the state is Exited. */
  @atomic exitCode: i32;
  /** One of ProgramState. Written by whoever ends the program first, read by everybody. */
  @atomic state: i32;
  /**
   * What every M looks at before it runs another goroutine, together with the state, in one load: bits of `Attention`. Atomic; Stop
   * is written under the lock.
   */
  attention: i32;
  /** Ms made so far; their ids are 1 … this. */
  @atomic mcount: i32;
  /** gomaxprocs. */
  @atomic nprocs: i32;
  /** Pages of 64 KiB that the allocator has taken so far. */
  @atomic heapPages: i32;
  /** What sysmon's thread sleeps on. */
  sysmonWake: i32;
  /** Whether the main thread sleeps, and where: one of MainSleep; then whoever fills its mailbox must notify. */
  @atomic mainSleep: i32;
  /** What the I/O thread sleeps on, if there is one: bumped and notified when it has requests, or the program ends. */
  @atomic ioWake: i32;
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
  /** Pages that the allocator may take. */
  @host maxPages: i32;
  heapBase: usize;
  /** The program's current epoch (see G.epoch). */
  epoch: u32;
  /** No M is made beyond so many: what would need one waits until an M is free. 0: there is no such number. */
  threadGoal: i32;
  /** Events that the ring of each M has room for, 0 while nothing is traced. Under the lock. */
  traceCapacity: i32;
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
  /** Allocator: the page heap's lock; where the pages never used begin or end, and the lowest of all (see `pages.ts`). */
  pageLock: i32;
  pageNext: u32;
  pageLow: u32;
  /** Guards the allocator's caches for threads without a P. */
  orphanLock: i32;
  /** Where the heap begins: one of HEAP_*. Written once. */
  heapPlace: i32;
  freeRuns: usize;
  /** Free pages; those of them whose memory the system has; the first of those that are being given to it, or 0. Under pageLock. */
  freePages: i32;
  releasedPages: i32;
  releasing: u32;
  /** Goroutines started less ended by threads without a P; part of numGoroutine. Atomic. */
  gcount: i64;
  /** The same of JavaScript goroutines. Atomic. */
  jscount: i64;
  /** Ms that wait in their event loops, with nothing to run; through looplink, under the lock. */
  loopM: M | null;
  /** Ms whose threads sysmon is to have killed; through killlink, under the lock. */
  killM: M | null;
  /** Ms whose threads sysmon is to start, and Ms whose threads have ended, for reuse; through newlink, under the lock. */
  newM: M | null;
  freeM: M | null;
  /** Ms whose threads have not come up yet (the lock, where it goes up). */
  nmstarting: i32;
  /** Ms in blocking calls that have lost their P, and Ms that wait for their locked goroutine. Under the lock. */
  nmblocked: i32;
  nmlocked: i32;
  /** A deadlock has been found, and is being reported. Under the lock. */
  isDead: bool;
  /** The main thread's JavaScript waits, and nothing else keeps the process alive: whoever becomes idle is to look for a deadlock. Under the lock. */
  mainStuck: bool;
  /** While the world is being stopped: Ps that have not stopped yet. Under the lock; a futex for who waits. */
  stopwait: i32;
  /** 1 while somebody stops the world or resizes it. Atomic. */
  worldBusy: i32;
  /** One of SysmonSleep. Atomic. */
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
  /** Descriptors that the process may have, 0 if that is not known; written once. */
  files: i32;
  /** Where an epoll_event has its data, and how large it is. */
  eventData: i32;
  eventSize: i32;
  /** Requests for the I/O thread (`net/stdlib.ts`): an `mpsc.ts` queue. */
  ioRequests: usize;
  /** PollDescs that serve no descriptor, and all ever made; under pollLock. */
  freePollDescs: usize;
  allPollDescs: usize;
}

export const sched: Sched = changetype<Sched>(SCHED_BASE);
