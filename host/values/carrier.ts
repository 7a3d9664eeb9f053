/**
 * The seam for what cannot go through memory: only a message port can hand a SharedArrayBuffer, a MessagePort, a large
 * transferred ArrayBuffer or an object of the runtime's own (a Blob, a key) to another thread.
 *
 * A slot then holds a number, under which the receiving thread's carrier can get the value (`ports.ts`).
 */
export interface Carrier {
  /** A buffer of so many bytes is moved by a port; copying a smaller one costs less than the wait for it. */
  readonly moves: number;
  /** The kind and address of a handle that stands for a SharedArrayBuffer, retained for a slot. */
  share(buffer: SharedArrayBuffer): { readonly kind: number; readonly address: number };
  /** A number for a value that is posted later; `post` or `discard` must follow. */
  reserve(): number;
  /** Sends a reserved value; those in `transfer` are moved. Throws what `postMessage` throws, and has then sent nothing. */
  post(number: number, value: unknown, transfer: readonly object[]): void;
  /** What has that number, which is then free again. */
  take(number: number): unknown;
  /** Nobody will take it. */
  discard(number: number): void;
}
