/** M, a thread (see `index.ts`). */
import { M_SIZE, MS_BASE } from "../layout";
import { G } from "./g";
import { P } from "./p";

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
  /** Where it puts the events of a trace, or 0; and whether it is just doing so (see `trace.ts`). */
  trace: usize;
  tracing: u32;
  // Counters for stats (owner).
  @host goroutines: u64;


  @host switches: u64;


  @host steals: u64;


  @host parks: u64;
  /** What `trace` is, or was until a moment ago. Written under sched.lock. */
  @atomic traceRing: usize;
  private pad1: u64;
  private pad2: u64;
  private pad3: u64;
  /** Where it parks: one of Park (see `mp.ts`). On its own line, for wakers write it. */
  @atomic park: i32;
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
  /** Its thread is in its event loop, or on the way there (owner, under sched.lock): one of InLoop. */
  inLoop: u8;
  /** It is on sched's list of Ms in their event loops (under sched.lock). */
  onLoopList: bool;
  /** It has been given a P to run its locked goroutine with, and has not yet begun (owner). */
  lockedReady: bool;
  /** Where it has the kernel write events of the network, or 0 (owner). */
  pollEvents: usize;
  /** Link in sched's list of Ms in their event loops (sched.lock). */
  looplink: M | null;
  /** When its thread last had a turn of its event loop (owner). */
  lastTurn: i64;
  private pad5: u64;
  /** Its thread's mailbox: a stack of notes, newest first; pushed by anybody, taken whole by the thread (`js/mailbox.ts`). */
  @atomic mail: usize;
  private pad7: u64;
  private pad8: u64;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  /** Where the thread is: one of ThreadMark, or a goroutine's (see `jsgo.ts`). Written by the thread; by who is to kill it. */
  @atomic mark: i32;
  /** Why its event loop is to get turns: bits of Owed. Written by the thread. */
  @host owed: i32;
  /** How many threads have been this M before; it tells their mail apart. */
  @atomic gen: i32;
  /** How long the event loop may wait, in µs; 0 for as long as it likes (owner). */
  @host waitUs: i32;
  /** A Text that says why the thread is to be killed, or 0; written by who doomed it. */
  @host lastWords: usize;
  /** It is known which goroutine the thread is killed for: those that had not begun there are not to blame. Written by who doomed it. */
  spares: bool;
  /** Link in sched's list of Ms to be killed, and whether it is there (sched.lock). */
  killlink: M | null;
  onKillList: bool;
  /** It is awake, and the JavaScript function that it runs, or ran last, is a quick one (owner). */
  quick: bool;
  /** It runs JavaScript and has lost its P; counted in sched.jsblocked (under sched.lock). */
  jsBlocked: bool;
  /** Before it parked, after quick JavaScript or for a stop: how often in a row spinning was in vain, and is still to be left out (owner). */
  spinsInVain: i32;
  spinsLeftOut: i32;
  /** The thread's number in the system, 0 if it is not known. Written by the thread. */
  @host tid: i32;
  /** How many open files would be closed with the thread, on Deno, where they are a thread's; then it is not ended for being idle. Written by the thread. */
  @host keeps: i32;
  /** The goroutine for whose cancellation the thread is to be killed, or 0; written by who doomed it. */
  doomedFor: f64;
  /** In which blocking call sysmon has looked last whether the thread computes, when, and what it had run for at first. sysmon's own. */
  sampledTick: u32;
  sampledAt: i64;
  sampledRun: f64;
  /** One of Watching. Written by the thread. */
  @host watching: i32;
  /** The first of the Holdings of its thread's JavaScript, or 0 (owner). */
  @host holdings: usize;
  /** It is inside of what the collector waits for, though it has no P (owner; see `base/gate.ts`). */
  gated: bool;
  /** It runs code of the program's without a P, in `blocking` (owner; the collector, which waits for it, reads it). */
  inUser: bool;
  /** The object that its JavaScript has asked for last, and may not have put anywhere yet (owner). */
  held: usize;
  /** 1 while its thread is in its event loop, and nothing there that keeps an event loop alive is anybody else's. Written by the thread. */
  @atomic idleLoop: i32;
  /** The operation that its thread blocks for, however long that takes, or 0. Written by the thread. */
  @atomic blockedOn: usize;
}

/** What can be said about whether anything will ever run again. */
export namespace Stuck {
  /** Something may. */
  export const No: i32 = 0;
  /** Nothing but what may be going on in event loops, which have been asked. */
  export const Asked: i32 = 1;
  /** Nothing, but for the main thread. */
  export const Yes: i32 = 2;
}

/** What an M's event loop is owed. */
export namespace Owed {
  /** Turns as long as this is set: its JavaScript waits for results. */
  export const Results: i32 = 1;
  /** One turn, soon: for the finalizers of what was collected, or for what the last wait has left behind. */
  export const Turn: i32 = 2;
}

/** Whether an M's JavaScript holds objects that finalizers are to release. */
export namespace Watching {
  export const Nothing: i32 = 0;
  /** Its event loop gets a turn now and then, also if the thread is busy. */
  export const Some: i32 = 1;
  /** The same after the next goroutine: it is to collect garbage. */
  export const Much: i32 = 2;
}

/** What an M does about `park`. */
export namespace Park {
  /** It is awake, or looks for work before it sleeps. */
  export const Awake: i32 = 0;
  /** It sleeps, or is just about to. */
  export const Parked: i32 = -1;
  /** The same, in the netpoller. */
  export const Polling: i32 = -2;
  /** It has been told to look. */
  export const Woken: i32 = 1;
}

/** The mark of an M's thread; 4 x goroutine + 1 while it runs the function of that. */
export namespace ThreadMark {
  /** Inside the core. */
  export const Core: i32 = 0;
  /** In a turn of its event loop. */
  export const Turn: i32 = 2;
  /** Never to come back to the core. */
  export const Doomed: i32 = -1;
}

/** What `mstart` returns. */
export namespace Mstart {
  /** The thread ends. */
  export const End: i32 = 0;
  /** It is to be called again. */
  export const Again: i32 = 1;
  /** The event loop goes on until the M is woken. */
  export const Wait: i32 = 2;
  /** One turn of the event loop. */
  export const Turn: i32 = 3;
}

/** Whether an M's thread is in its event loop. */
export namespace InLoop {
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
  /** Its M makes the call of the HostCall at `m.waitUnlock`, which may block; then it goes on. */
  export const Call: u8 = 5;
}


@inline
export function allm(i: i32): M {
  return changetype<M>(MS_BASE + i * M_SIZE);
}
