/** Notes: what the threads of a program, and their JavaScript, tell each other (see `js/mailbox.ts`). */

/** How every note begins; who reads one frees it, or keeps it if it is its own record. */
@unmanaged
@host
export class NoteHead {
  /** The next note of a mailbox, which is newer once it has been taken. */
  next: usize;
  /** One of NoteKind. */
  kind: i32;
}

/** A note to the main thread. */
@unmanaged
@host
export class Note extends NoteHead {
  /** What these mean is the kind's business. */
  a: usize;
  b: usize;
}

/** A request between JavaScript threads. */
@unmanaged
@host
export class JsRequest extends NoteHead {
  arg: i32;
  private pad: i32;
  /** The goroutine concerned. */
  id: f64;


  @slot value: u64;
}

/** What a note says. */
export namespace NoteKind {
  /** Module-level code has run; calls may start. */
  export const Init: i32 = 1;
  /** `a` is the task of a call that returned. */
  export const Call: i32 = 2;
  /** `a` is the task of a call that panicked, or 0 for any other goroutine; `b` the address of a Text. */
  export const Panic: i32 = 3;
  /** main returned, `a` is its exit code. */
  export const Main: i32 = 4;
  /** The program can never go on, or a limit was hit: `b` is the address of a Text. */
  export const Fatal: i32 = 5;
  /** The program called exit, `a` is the code. */
  export const Exit: i32 = 6;
  /** A dump of all goroutines has been written. */
  export const Dumped: i32 = 7;
  /** A JavaScript goroutine has ended; the note is its JsGo. */
  export const Task: i32 = 8;
  /** To an M: the goroutine of the JsRequest, which awaits there, is to be cancelled; the value is the reason. */
  export const Cancel: i32 = 9;
  /** To an M: the generator of the JsRequest may yield `arg` more values, or, -1, is to return. */
  export const Pull: i32 = 10;
  /** To the main thread: a goroutine that another thread started has failed, and nobody there watches it; the value is the error. */
  export const Unwatched: i32 = 12;
  /** To the main thread: a goroutine has printed the value, bytes, to the descriptor `arg`, and the main thread is to write it. */
  export const Output: i32 = 13;
  /** To an M: it is to say whether its event loop is idle (`M.idleLoop`). */
  export const Probe: i32 = 14;
  /** The goroutines that can never run again were looked for: `b` is a Text that lists them. */
  export const Leaks: i32 = 18;
  /** A heap profile: `b` is a Text (`debug/heapprofile.ts`); `a` is 1 for that of a program that ends. */
  export const HeapProfile: i32 = 19;
  /** A generator has yielded; a JsRequest for the goroutine with the slot `arg`. */
  export const Yield: i32 = 11;
  /** A goroutine asks for a host name: `a` is the address of its Resolution. */
  export const Resolve: i32 = 16;
  /** A goroutine asks for something else: `a` is the address of its HostAsk. */
  export const Ask: i32 = 23;
  /** The program watches for the signals that have their bits in `a`. */
  export const Watch: i32 = 24;
  /** The program that was asked for with the number `a` is to be killed. */
  export const Kill: i32 = 25;
  /** The program uses the network and cannot call the system: the I/O thread is to be started. */
  export const StartIo: i32 = 17;
  /** An operation is over; the note is its Op. */
  export const Op: i32 = 20;
  /** To the main thread: a message has come through the port of some M. */
  export const Port: i32 = 21;
  /** To the main thread, as an orphan: `a` is the first of the Holdings of a thread that has died. */
  export const Holdings: i32 = 22;
  /** Added to the kind of a note whose addressee has gone: the main thread frees it. */
  export const Orphan: i32 = 256;
}

/** Text on its way: its UTF-8 follows. */
@unmanaged
@host
export class Text {
  /** Bytes of it. */
  length: i32;
}
