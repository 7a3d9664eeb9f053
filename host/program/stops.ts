/** What functions given to the core throw through it, out of `mstart` to the thread's own loop. */

/** Thrown through wasm to end this thread: the program has exited. */
export class StopThread extends Error {}

/** Thrown through wasm by a goroutine that panics. */
export class ProgramPanic extends Error {}
