/**
 * A connection as threads see it that are not its loop's: a handle, and what may be done with it.
 *
 * Guarantees: what one object writes goes out in order, each byte once; `write` resolves when the loop has taken all of it, which it does
 * as long as no more waits for the peer than the high-water mark; when the connection closes, nothing waits any more.
 */
import { present } from "../base/present.js";
import { keepAlive, letGo } from "../base/timers.js";
import type { ConnHandle, ConnWriter } from "./events.js";
import { bytesOf } from "./output.js";
import { PARCEL_SIZE } from "./parcels.js";
import { ServerBlock } from "./serverblock.js";

/** Blocks that this thread has opened. */
const blocks = new WeakMap<SharedArrayBuffer, ServerBlock>();

function blockOf({ block: buffer }: ConnHandle): ServerBlock {
  let block = blocks.get(buffer);
  if (block === undefined) blocks.set(buffer, (block = new ServerBlock(buffer)));
  return block;
}

/**
 * Wakes a connection from any thread: its loop calls `data` with empty input.
 *
 * @returns false if the connection has closed
 */
export function wake(handle: ConnHandle): boolean {
  return blockOf(handle).wake(handle.loop, handle.slot, handle.generation);
}

/** The connection that a handle names, to write to and to close, in any thread. */
export function connOf(handle: ConnHandle): ConnWriter {
  return new RemoteConn(handle);
}

class RemoteConn implements ConnWriter {
  readonly #block: ServerBlock;
  readonly #handle: ConnHandle;
  /** What could not be sent at once, in order; undefined if that is nothing. */
  #queue: Promise<boolean> | undefined;

  constructor(handle: ConnHandle) {
    this.#handle = handle;
    this.#block = blockOf(handle);
  }

  get #isOpen(): boolean {
    const { loop, slot, generation } = this.#handle;
    return this.#block.generation(loop, slot) === generation;
  }

  write(out: Uint8Array | string): Promise<boolean> {
    const output = bytesOf(out);
    const sent = this.#queue === undefined ? this.#send(output) : 0;
    if (sent === output.length) return Promise.resolve(this.#isOpen);
    return this.#later(output.slice(sent));
  }

  close(): boolean {
    const isOpen = this.#isOpen;
    if (isOpen && (this.#queue !== undefined || !this.#post(undefined))) void this.#later(undefined);
    return isOpen;
  }

  wake(): boolean {
    return wake(this.#handle);
  }

  /** Sends as much of the output as there is room for. */
  #send(output: Uint8Array): number {
    const { loop, slot } = this.#handle;
    let sent = 0;
    while (sent < output.length && !this.#block.gates.isShut(loop, slot)) {
      const piece = output.subarray(sent, sent + PARCEL_SIZE);
      if (!this.#post(piece)) break;
      sent += piece.length;
    }
    return sent;
  }

  /** Sends output, or a close; false if there is no parcel for it. */
  #post(output: Uint8Array | undefined): boolean {
    const { loop, slot, generation } = this.#handle;
    return this.#block.send(loop, slot, generation, output);
  }

  #later(output: Uint8Array | undefined): Promise<boolean> {
    const sending = (this.#queue ?? Promise.resolve(true)).then(() => this.#sendAll(output));
    this.#queue = sending;
    void sending.then(() => {
      if (this.#queue === sending) this.#queue = undefined;
    });
    return sending;
  }

  async #sendAll(output: Uint8Array | undefined): Promise<boolean> {
    const { loop, slot } = this.#handle;
    const { gates, parcels } = this.#block;
    const freed = parcels.freed(loop);
    keepAlive();
    try {
      for (let rest = output; this.#isOpen;) {
        const gate = rest === undefined ? undefined : gates.opened(loop, slot);
        if (gate !== undefined) {
          await gate;
          continue;
        }
        const seen = freed.count;
        if (!this.#post(rest?.subarray(0, PARCEL_SIZE))) await freed.changed(seen);
        else if (rest === undefined || rest.length <= PARCEL_SIZE) return true;
        else rest = rest.subarray(PARCEL_SIZE);
      }
      return false;
    } finally {
      letGo();
    }
  }
}

present(RemoteConn, "Conn", () => ({}), "it is a connection, and no data");
