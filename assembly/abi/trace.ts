/** Rings of events that Ms leave for the main thread (see `debug/trace.ts`). */

/** The ring of an M; its events follow. */
@unmanaged
export class Ring {
  /** Events that it has room for, a power of two. */
  @host capacity: u32;
  /** Events for which there was no room, since the last that found some (producer). */
  @host missing: u32;
  /** `read`, when it was last looked at (producer). */
  seenRead: u32;
  private pad1: u32;
  private pad2: u64;
  private pad3: u64;
  private pad4: u64;
  private pad5: u64;
  private pad6: u64;
  private pad7: u64;
  /** Events written, ever. On lines of their own, these two: they are written by different threads. */
  @atomic written: u32;
  private pad8: u32;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  private pad14: u64;
  private pad15: u64;
  /** Events read, ever. */
  @atomic read: u32;
  private pad16: u32;
  private pad17: u64;
  private pad18: u64;
  private pad19: u64;
  private pad20: u64;
  private pad21: u64;
  private pad22: u64;
  private pad23: u64;
}


@unmanaged
@host
export class TraceRecord {
  /** nanotime. */
  time: i64;
  /** The goroutine, 0 for none. */
  goid: i64;
  /** What the kind says. */
  arg: i64;
  /** One of TraceKind. */
  kind: u8;
  reason: u8;
  /** The M's P, -1 for none. */
  p: i16;
  extra: i32;
}

export namespace TraceKind {
  /** There was no room for the last `arg` events of this M. */
  export const Lost: i32 = 1;
  /** The goroutine, or 0 for the host, has started goroutine `arg`, whose function is `extra` (see TraceFunction). */
  export const Create: i32 = 2;
  /** The goroutine begins to run, or goes on; `extra` is its function. */
  export const Run: i32 = 3;
  /** It stops running: `reason` is one of StopReason; if it waits, `arg` is a WaitReason. */
  export const Stop: i32 = 4;
  /** The goroutine, or 0 for the runtime, has made goroutine `arg` runnable. */
  export const Ready: i32 = 5;
  /** The M has taken P `arg`; has given up P `arg`; somebody takes P `arg` away from the M that is in a blocking call with it. */
  export const TakeP: i32 = 6;
  export const GiveP: i32 = 7;
  export const LoseP: i32 = 8;
  /** The goroutine goes into a blocking call; comes out of it. */
  export const Block: i32 = 9;
  export const Unblock: i32 = 10;
  /** The M's thread goes to its event loop; comes back. */
  export const Host: i32 = 11;
  export const Unhost: i32 = 12;
  /** The M begins to stop the world; lets it go on with `arg` Ps. */
  export const Stw: i32 = 13;
  export const Unstw: i32 = 14;
  /** Goroutine `arg`, which awaited, has ended; `reason` is StopReason.End, or Lost if its thread has died. */
  export const End: i32 = 15;
}

/** `reason` of Create and Run: `extra` is the index of a function in the table; the address of a JsFunction. */
export namespace TraceFunction {
  export const Wasm: i32 = 0;
  export const Js: i32 = 1;
}

export namespace StopReason {
  export const End: i32 = 0;
  /** It yields. */
  export const Yield: i32 = 1;
  /** It was preempted. */
  export const Preempt: i32 = 2;
  /** It comes out of a blocking call and there is no P for it. */
  export const NoP: i32 = 3;
  export const Wait: i32 = 4;
  /** Its thread has died. */
  export const Lost: i32 = 5;
}
