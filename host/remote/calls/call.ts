/** A call as its caller sees it. */

/** A promise of a call's result that can also cancel it. */
export interface RemoteCall<R> extends Promise<R> {
  /** Under what its result is stored. */
  readonly id: string;
  /** Cancels it, also where it runs: the promise rejects with `reason`, an AbortError if there is none. False if it has ended already. */
  cancel(reason?: unknown): boolean;
}

/** A promise with what makes it a call. */
export function remoteCall<R>(promise: Promise<R>, id: string, cancel: (reason: unknown) => boolean): RemoteCall<R> {
  return Object.defineProperties(promise, {
    id: { value: id },
    cancel: {
      value: (reason?: unknown): boolean => cancel(reason ?? new DOMException("the call was cancelled", "AbortError")),
    },
  }) as RemoteCall<R>;
}
