/**
 * The seam for what cannot go through memory: only a message port can hand a SharedArrayBuffer, a transferred ArrayBuffer, a
 * MessagePort or an object of the runtime's own (a Blob, a key) to another thread.
 *
 * A slot then holds a number, under which the receiving thread's carrier has, or can get, the value. The message is posted
 * before the slot is published, so whoever reads the slot finds it with `receiveMessageOnPort`.
 */
export interface Carrier {
  /** The number of a SharedArrayBuffer, the same for each call; it may be taken any number of times. */
  share(buffer: SharedArrayBuffer): number;
  /** A number for a value that is posted later; `post` or `discard` must follow. */
  reserve(): number;
  /** Sends a reserved value; those in `transfer` are moved. Throws what `postMessage` throws, and has then sent nothing. */
  post(number: number, value: unknown, transfer: readonly object[]): void;
  /** What has that number, which is then free again unless it was shared. */
  take(number: number): unknown;
  /** Nobody will take it. */
  discard(number: number): void;
}
