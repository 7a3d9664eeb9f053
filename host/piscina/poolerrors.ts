/** The errors of the pool itself, in piscina's words: programs look at them. */

/** A task was aborted: by its signal, the reason of which is the cause, or because the pool closes. */
export class AbortError extends Error {
  override readonly name = "AbortError";

  constructor(reason?: unknown) {
    super("The task has been aborted", { cause: reason });
  }
}

export const errors = {
  terminated: () => new Error("Terminating worker thread"),
  exited: (code: string, cause: unknown) => new Error(`worker exited with code: ${code}`, { cause }),
  noFilename: () => new Error("filename must be provided to run() or in options object"),
  queueAtLimit: () => new Error("Task queue is at limit"),
  noQueue: () => new Error("No task queue available and all Workers are busy"),
  closeTimeout: () => new Error("Close operation timed out"),
} as const;
