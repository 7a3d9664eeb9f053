/** What goroutines ask the main thread for, besides host names: signals, and other programs (`runtime/net/ask.ts`, `host/runtime/asks.ts`). */

export namespace AskOp {
  /** Waits for the next signal that the program watches for: `status` is its number. */
  export const Signal: i32 = 0;
  /** Runs the program that `text` names, until it ends. */
  export const Run: i32 = 1;
}

/** A question; what has an address is in memory of `malloc`, the answers' in the asker's from then on. */
@unmanaged
@host
export class HostAsk {
  /** Where the goroutine waits for the main thread (`awaitHost`). */
  word: usize;
  /** One of AskOp. */
  op: i32;
  /** The number of a Run, which no other has. */
  id: i32;
  /** JSON, UTF-16: an array of the command, its arguments, the directory (or ""), and what is added to the environment as an object. */
  text: usize;
  /** In bytes. */
  length: i32;
  /** Standard input. */
  input: usize;

  inputLength: i32;
  /** The exit code, or 128 and the signal that ended it; a signal's number; -1 if it could not be run, and `errors` is why. */
  status: i32;
  /** Standard output. */
  output: usize;

  outputLength: i32;
  /** Standard error. */
  errors: usize;

  errorsLength: i32;
}
