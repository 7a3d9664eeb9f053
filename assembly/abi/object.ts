/** What JavaScript shares between threads: channels, locks, contexts (see `js/object.ts`). */

@unmanaged
export class HostObject {
  /** Holders. */
  @atomic refs: i32;
  /** One of ObjectKind. */
  @host kind: i32;
  /** The channel, the lock, … */
  @host target: usize;
  /** Channels: one of Elem. Contexts: 1 if there is a `value`. Bytes: how many. */
  @host elem: i32;
  /** The key of the thread that holds it, for locks held by one; 0 for none. Atomic. */
  owner: u64;
  /** Its last owner died holding it. */
  abandoned: i32;
  /** A once has been done (1). A context: one of ContextState. */
  @atomic done: i32;
  /** Links in the list of locks. */
  next: HostObject | null;
  prev: HostObject | null;
  /** Threads that hold it for reading, or have tickets of it; guarded by `word`. */
  holders: LockHolder | null;
  word: i32;
  /** Cond: the HostObject of its mutex. Context: its parent. Each counts as a holder of that. */
  @host other: HostObject | null;
  /** Context: children that are to be cancelled with it, and its place among its parent's. Under the list's lock. */
  children: HostObject | null;
  sibling: HostObject | null;
  /**
   * Context: the reason, valid once `done`, and when it is due, in ms of the host's clock, 0 for never. The reason belongs to the
   * context that was cancelled itself; those below have a copy of the slot, and hold their parent.
   */
  @slot reason: u64;


  @host deadline: f64;
  /** Context: the same by the wall clock as it was when this was set, in ms. */
  @host deadlineDate: f64;
  /** Context: a key and its value. */
  @slot value: u64;
}

/** A thread that holds an RWMutex for reading, and how often; or one that has tickets of a semaphore. */
@unmanaged
export class LockHolder {
  key: u64;
  count: i32;
  next: LockHolder | null;
}

/** Objects that one thread holds: addresses, 0 where there is none. Written by that thread alone, each word by itself. */
@unmanaged
@host
export class Holdings {
  next: usize;
  /** The first of its places. */
  @atomic first: usize;
}

export namespace HoldingsRoom {
  /** How many, the first included. */
  export const Places: i32 = 63;
}

export namespace ObjectKind {
  export const Chan: i32 = 1;
  export const Mutex: i32 = 2;
  export const RWMutex: i32 = 3;
  export const WaitGroup: i32 = 4;
  export const Semaphore: i32 = 5;
  export const Once: i32 = 6;
  export const Cond: i32 = 7;
  export const Context: i32 = 8;
  /** A block of bytes. */
  export const Bytes: i32 = 9;
  /** To the core a semaphore. */
  export const Pool: i32 = 10;
  /** A SharedArrayBuffer, which the main thread keeps; the core only counts. */
  export const Shared: i32 = 11;
}

/** Types of a channel's elements. */
export namespace Elem {
  /** Any value, in a slot of the codec. */
  export const Any: i32 = 0;
  export const F64: i32 = 1;
  export const I32: i32 = 2;
  export const I64: i32 = 3;
  /** Objects of AssemblyScript's class Uint8Array. */
  export const Bytes: i32 = 4;
}

/** Whether a context has been cancelled (`done`). */
export namespace ContextState {
  export const Alive: i32 = 0;
  /** With its parent, whose reason it has a copy of. */
  export const WithParent: i32 = 1;
  /** Itself; the reason is its own. */
  export const Itself: i32 = 2;
}
