/** Operations of JavaScript that may have to wait (see `js/operation.ts`). */
import { HostObject } from "./object";
import { NoteHead } from "./note";

/** An operation; its G follows. Delivered as a note. */
@unmanaged
export class Op extends NoteHead {
  /** What is to be done: one of OpCode. */
  @host code: i32;
  /** The M whose thread asked, and that thread's generation. */
  mid: i32;
  gen: i32;
  /** One of OpStatus. */
  @host status: i32;
  /** On what. */
  @host object: HostObject;
  /** Tickets wanted. Select: the case chosen. */
  @host count: i32;
  /** The thread's number for it. */
  @host index: i32;
  /** The value sent or received. */
  @slot slot: u64;
  /** One of OpSync. */
  @atomic sync: i32;
  /** How far it has come, if it takes several waits: one of STEP_*. Its own, as the record is. */
  step: i32;
  /** 1 from begin to delivery, if it waits. */
  pending: i32;
  /** 1 from its delivery to a mailbox until it has been taken from there. */
  @host posted: i32;
  /** Its thread has died; it then counts as a holder of its object until it is given back. */
  @host dead: i32;
  /** The Select of a select, made on first use. */
  select: usize;
  /** Next of all records, and of the free ones. */
  all: usize;
  free: usize;
  /** It was called off, but may be between two queues. Atomic. */
  givenUp: i32;
}

/** What is to be done. */
export namespace OpCode {
  export const Send: i32 = 1;
  export const Recv: i32 = 2;
  export const Select: i32 = 3;
  export const Lock: i32 = 4;
  export const Read: i32 = 5;
  export const WaitGroup: i32 = 6;
  export const Semaphore: i32 = 7;
  export const Cond: i32 = 8;
}

/** How it ended. */
export namespace OpStatus {
  /** Not yet. */
  export const None: i32 = 0;
  export const Done: i32 = 1;
  /** The channel was closed: nothing was sent; or nothing was left to receive. */
  export const Closed: i32 = 2;
  export const Cancelled: i32 = 3;
  /** The lock is held, but its last holder's thread died holding it. */
  export const Abandoned: i32 = 4;
  /** Select: a receive found its channel closed and drained. */
  export const Drained: i32 = 5;
}

/** How the end of an operation is told. */
export namespace OpSync {
  /** It is delivered to the mailbox. In all other cases the thread blocks. */
  export const None: i32 = 0;
  /** The thread looks at the word; it sleeps on it; the operation is over. */
  export const Awaited: i32 = 1;
  export const Asleep: i32 = 2;
  export const Released: i32 = 3;
}
