/** JavaScript goroutines and the functions that they run (see `js/jsgo.ts`). */
import { G } from "./g";
import { NoteHead } from "./note";
import { HostObject } from "./object";

/**
 * The record of a JavaScript goroutine, which serves it from its start until its result has been read. It belongs to the
 * thread that started it, which reuses it. It is posted back as a note.
 */
@unmanaged
export class JsGo extends NoteHead {
  /** One of JsStatus; changed by compare-and-swap while it is Queued, since it may be cancelled as it is taken. */
  @atomic state: i32;
  /** The M whose mailbox gets the result, and that M's generation. */
  @host owner: i32;


  @host ownerGen: i32;
  /** The owner's number for it. */
  @host slot: i32;


  @host fn: JsFunction;
  /** How many of the argument slots are used, or ArgCount.Spread. */
  @host argc: i32;
  /** The G, and the M that runs it (written by the core). */
  g: G;


  @host mid: i32;
  /** The goroutine's number. */
  @host id: f64;
  /** 1 if `extra` holds a value. */
  @host hasExtra: i32;
  /** How often its M has been told that it is cancelled, and has come to read that. */
  @atomic seen: i32;
  /** What the goroutine carries besides arguments. */
  @slot extra: u64;
  /** The result or error; of one that is lost, the address of a Text that says why, which the owner frees. */
  @slot result: u64;
  /** The arguments. */
  @slots args: u64;
  private args1: u64;
  private args2: u64;
  private args3: u64;
  private args4: u64;
  private args5: u64;
  private args6: u64;
  /** It counts as a goroutine: until its result is posted, or its owner has settled its promise. */
  @atomic counts: i32;
  /** The pool whose ticket it has, of which it is a holder, or null. Who reads the result gives both back. */
  @host pool: HostObject | null;
  /** Of one that is lost: 1 if its thread was stopped for another goroutine. */
  @host isBystander: i32;
  /** 1 if its function has returned a generator: written by who runs it, and taken back by who reuses the record. */
  @host isGenerator: i32;
}

export namespace ArgCount {
  /** The first slot has all arguments, as an array. */
  export const Spread: i32 = 255;
}

/** How far a JavaScript goroutine is. */
export namespace JsStatus {
  export const Queued: i32 = 0;
  export const Running: i32 = 1;
  /** It awaits a promise. */
  export const Waiting: i32 = 2;
  export const Done: i32 = 3;
  export const Failed: i32 = 4;
  /** It was cancelled before it ran. */
  export const Cancelled: i32 = 5;
  /** Its M died. */
  export const Lost: i32 = 6;
}

/** What the host's `run_js` returns. */
export namespace RunJs {
  /** The result is in the record. */
  export const Done: i32 = 0;
  export const Await: i32 = 1;
  /** Its module is being loaded; the host will have it queued again. */
  export const Loading: i32 = 2;
}

/** A function that goroutines run; its two texts (UTF-8) follow. Never freed. */
@unmanaged
@host
export class JsFunction {
  index: i32;
  /** One of FunctionKind. */
  kind: i32;
  /** Bytes of the texts. */
  length1: i32;
  length2: i32;
  /** How long it takes, in ns: an average over its latest runs, 0 before the first. Written by whoever runs it. */
  time: f32;
  /** What is known of it: bits of FunctionFlag. Written by whoever finds out. */
  @atomic flags: i32;
}

/** The first text of a function is its source; or a module's URL, and the second the name of its export. */
export namespace FunctionKind {
  export const Source: i32 = 0;
  export const Module: i32 = 1;
}

export namespace FunctionFlag {
  /** It returns promises. */
  export const IsAsync: i32 = 1;
  /** It has blocked its thread. */
  export const IsBlocking: i32 = 2;
}
