/**
 * What other threads have for the connections of a loop: output, and closing. All of it is in the server's block.
 *
 * **Parcels.** A loop has PARCELS places for PARCEL_SIZE bytes. A sender claims a free one (0 to 1, by compare-and-swap), fills it, and pushes
 * its note to the loop, whose it is until it has served it and frees it. So a sender that dies takes one place with it and nothing else,
 * and the parcels of one thread come in their order. Rejected: a ring with one lock, which a thread that is terminated under it
 * holds for ever; a port for each sender, as handles are posted to any number of threads, and a large message takes 15 ms on Deno.
 *
 * **Gates.** Each connection has a word that its loop makes 1 while more output waits than the high-water mark. Senders look before they
 * claim, and wait for it to change; what they had sent before is at most a loop's places.
 */
import { Signal } from "../base/notequeue.js";

/** Bytes of a parcel: what is sent at once comes in one piece up to that. */
export const PARCEL_SIZE = 16384;
/** Parcels of a loop. Their memory is taken as far as it is used, from the first on. */
export const PARCELS = 128;

// Words of a parcel.
const STATE = 0;
const LINK = 1;
const SLOT = 2;
const GENERATION = 3;
const LENGTH = 4;
const HEAD = 8;
/** Words of a loop's parcels: how often one was freed, on a cache line of its own, the heads, and the bytes. */
const FREED = 16;
const LOOP = FREED + PARCELS * (HEAD + PARCEL_SIZE / 4);

/** The length of a parcel that closes its connection. */
const CLOSE = -1;
const NOTHING = new Uint8Array(0);

/** What came for a connection: output, or if there is none, its end. */
interface Opened {
  readonly slot: number;
  readonly generation: number;
  readonly output: Uint8Array | undefined;
}

export class Parcels {
  /** Words that the parcels of so many loops take. */
  static words(loops: number): number {
    return loops * LOOP;
  }

  /** They begin at word `begin`. */
  constructor(
    private readonly words: Int32Array<SharedArrayBuffer>,
    private readonly begin: number,
  ) {}

  private head(loop: number, parcel: number): number {
    return this.begin + loop * LOOP + FREED + parcel * HEAD;
  }

  private bytes(loop: number, parcel: number, length: number): Uint8Array {
    const at = this.begin + loop * LOOP + FREED + PARCELS * HEAD + (parcel * PARCEL_SIZE) / 4;
    return new Uint8Array(this.words.buffer, 4 * at, length);
  }

  /** The word that links a parcel's note. */
  linkOf(loop: number, parcel: number): number {
    return this.head(loop, parcel) + LINK;
  }

  /** Rises whenever one of a loop's parcels was freed. */
  freed(loop: number): Signal {
    return new Signal(this.words, this.begin + loop * LOOP);
  }

  /** Fills a free parcel with bytes, at most PARCEL_SIZE, or with a close. Which it is, to be pushed; -1 if none is free. Any thread. */
  fill(loop: number, slot: number, generation: number, output: Uint8Array | undefined): number {
    const { words } = this;
    for (let parcel = 0; parcel < PARCELS; parcel++) {
      const at = this.head(loop, parcel);
      if (Atomics.load(words, at + STATE) !== 0 || Atomics.compareExchange(words, at + STATE, 0, 1) !== 0) continue;
      words[at + SLOT] = slot;
      words[at + GENERATION] = generation;
      words[at + LENGTH] = output?.length ?? CLOSE;
      // The push, an atomic, makes all of this visible to the loop.
      this.bytes(loop, parcel, PARCEL_SIZE).set(output ?? NOTHING);
      return parcel;
    }
    return -1;
  }

  /** What is in a parcel whose note has come; the bytes are good until it is freed. The loop's. */
  open(loop: number, parcel: number): Opened {
    const at = this.head(loop, parcel);
    const [slot = 0, generation = 0, length = 0] = this.words.subarray(at + SLOT, at + LENGTH + 1);
    return { slot, generation, output: length === CLOSE ? undefined : this.bytes(loop, parcel, length) };
  }

  free(loop: number, parcel: number): void {
    Atomics.store(this.words, this.head(loop, parcel) + STATE, 0);
    this.freed(loop).raise();
  }
}

export class Gates {
  /** They begin at word `begin`, `slots` for each loop. */
  constructor(
    private readonly words: Int32Array<SharedArrayBuffer>,
    private readonly begin: number,
    private readonly slots: number,
  ) {}

  private at(loop: number, slot: number): number {
    return this.begin + loop * this.slots + slot;
  }

  shut(loop: number, slot: number): void {
    Atomics.store(this.words, this.at(loop, slot), 1);
  }

  open(loop: number, slot: number): void {
    Atomics.store(this.words, this.at(loop, slot), 0);
    Atomics.notify(this.words, this.at(loop, slot));
  }

  isShut(loop: number, slot: number): boolean {
    return Atomics.load(this.words, this.at(loop, slot)) === 1;
  }

  /** Resolves when the gate opens; undefined if it is open. Keeps no process alive. */
  opened(loop: number, slot: number): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.words, this.at(loop, slot), 1);
    return wait.async ? wait.value : undefined;
  }
}
