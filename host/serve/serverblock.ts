/**
 * What the threads of a server share: the note queues of the loops, and counters.
 *
 * **Notes.** Each loop has a queue of notes (`notequeue.ts`, which says in what order they come and why none is missed).
 * A note is a number, and its link lies in a table at that number, so nothing is allocated:
 * - 2 * slot + 2: the connection in that slot of the loop was woken. The slot's word counts wakes: whoever makes it from 0
 *   to 1 pushes the note, so a slot is in the stack at most once. The word also holds the slot's generation, in the same
 *   compare-and-swap: a wake for a connection that has closed fails. A slot that closes with its note still on the way is given
 *   to another connection only after the note has come.
 * - 2 * fd + 3: the accepted descriptor is the loop's to serve. A descriptor is handed over at most once in its life.
 * - 2 * (FDS + n) + 3: parcel n of the loop has been filled (parcels.ts).
 *
 * **The eventfd** is closed only when nobody is writing to it, or its number could be some other file's by then: `wakeUp`
 * counts itself in before it looks at the state, and `retire` sets the state before it looks at the count.
 */
import { pushNote, Signal, takeNotes } from "../base/notequeue.js";
import { NULL, loadSys, type Sys } from "../sockets/sys.js";
import type { LoadBalance, LoopStats } from "./events.js";
import { Gates, Parcels } from "./parcels.js";

/** Connections that a loop can have. */
export const SLOTS = 1 << 18;
/** Descriptors above this are served by the loop that accepted them. */
const FDS = 1 << 20;

// Words of the header.
const LOOPS = 0;
const NEXT_LOOP = 1;
const HEADER = 16;
// Words of a loop; each loop's begin on a cache line of their own.
const HEAD = 0;
const SIGNAL = 1;
const EVENTFD = 2;
const STATE = 3;
const WRITERS = 4;
const CONNECTIONS = 5;
const EPOLL = 6;
const COUNTERS = 16;
const LOOP = 32;

const COUNT_BITS = 16;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const GENERATION_MASK = 0x7fff;

/** A loop that has ended: its eventfd must not be written to. */
const RETIRED = 1;
/** Looks at the count of writers before an eventfd is rather left open. */
const RETIRE_SPINS = 1_000_000;

/** The counters of a loop, 64-bit floats that the loop alone writes. */
export const Counter = { accepted: 0, bytesIn: 1, bytesOut: 2, wakes: 3, turns: 4 } as const;

/** System calls of this thread on a buffer that holds a 1, for eventfds. */
let signalling: Sys | string | undefined;

function writeEventfd(fd: number): void {
  if (signalling === undefined) {
    const one = new SharedArrayBuffer(8);
    new Int32Array(one)[0] = 1;
    signalling = loadSys(one);
  }
  if (typeof signalling === "string") throw new Error(`this thread cannot wake a loop: ${signalling}`);
  signalling.write(fd, 0, 8);
}

export class ServerBlock {
  readonly loops: number;
  private readonly words: Int32Array<SharedArrayBuffer>;
  readonly gates: Gates;
  readonly parcels: Parcels;
  private readonly slots: number;
  private readonly fds: number;

  /** Opens the block that another thread made. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.loops = this.words[LOOPS] ?? 0;
    this.slots = HEADER + this.loops * LOOP;
    this.fds = this.slots + this.loops * SLOTS * 2;
    const gates = this.fds + 2 * FDS;
    this.gates = new Gates(this.words, gates, SLOTS);
    this.parcels = new Parcels(this.words, gates + this.loops * SLOTS);
  }

  /** Only the pages that are used take memory. */
  static create(loops: number): ServerBlock {
    const size = HEADER + loops * (LOOP + SLOTS * 3) + 2 * FDS + Parcels.words(loops);
    const buffer = new SharedArrayBuffer(4 * size);
    const words = new Int32Array(buffer);
    words[LOOPS] = loops;
    for (let loop = 0; loop < loops; loop++) {
      for (const word of [EVENTFD, EPOLL]) words[HEADER + loop * LOOP + word] = NULL;
    }
    return new ServerBlock(buffer);
  }

  private at(loop: number, word: number): number {
    return HEADER + loop * LOOP + word;
  }

  // ---- notes

  private push(loop: number, note: number, link: number): void {
    if (pushNote(this.words, this.at(loop, HEAD), note, link) === 0) this.wakeUp(loop);
  }

  /** Takes all notes of a loop, the oldest first. */
  take(loop: number): number[] {
    return takeNotes(this.words, this.at(loop, HEAD), (note) => this.linkOf(loop, note));
  }

  private linkOf(loop: number, note: number): number {
    const index = note >> 1;
    if (ServerBlock.isParcel(note)) return this.parcels.linkOf(loop, ServerBlock.parcelOf(note));
    return note % 2 === 0 ? this.slots + (loop * SLOTS + index - 1) * 2 : this.fds + (index - 1) * 2;
  }

  /** Whether a note is about a slot; the other kind is about a descriptor. */
  static isWake(note: number): boolean {
    return note % 2 === 0;
  }

  /** Whether a note that is about no slot is about a parcel. */
  static isParcel(note: number): boolean {
    return note % 2 !== 0 && ServerBlock.subject(note) >= FDS;
  }

  /** The parcel that a note is about. */
  static parcelOf(note: number): number {
    return ServerBlock.subject(note) - FDS;
  }

  /** The slot or the descriptor that a note is about. */
  static subject(note: number): number {
    return (note >> 1) - 1;
  }

  /** For a loop without an eventfd. */
  private signal(loop: number): Signal {
    return new Signal(this.words, this.at(loop, SIGNAL));
  }

  private wakeUp(loop: number): void {
    const { words } = this;
    Atomics.add(words, this.at(loop, WRITERS), 1);
    try {
      if (Atomics.load(words, this.at(loop, STATE)) === RETIRED) return;
      const fd = Atomics.load(words, this.at(loop, EVENTFD));
      if (fd !== NULL) {
        writeEventfd(fd);
        return;
      }
      this.signal(loop).raise();
    } finally {
      Atomics.sub(words, this.at(loop, WRITERS), 1);
    }
  }

  /** The loop waits in epoll, and these are its descriptors. */
  setDescriptors(loop: number, eventfd: number, epoll: number): void {
    Atomics.store(this.words, this.at(loop, EPOLL), epoll);
    Atomics.store(this.words, this.at(loop, EVENTFD), eventfd);
  }

  /** The loop's epoll descriptor; NULL if it has none, or has ended. */
  epoll(loop: number): number {
    if (Atomics.load(this.words, this.at(loop, STATE)) === RETIRED) return NULL;
    return Atomics.load(this.words, this.at(loop, EPOLL));
  }

  /** The loop ends. Whether its eventfd may be closed: not if somebody died while writing to it. */
  retire(loop: number): boolean {
    const { words } = this;
    Atomics.store(words, this.at(loop, STATE), RETIRED);
    this.signal(loop).raise();
    // Who waits for a parcel finds that its connection has closed.
    this.parcels.freed(loop).raise();
    for (let i = 0; i < RETIRE_SPINS; i++) if (Atomics.load(words, this.at(loop, WRITERS)) === 0) return true;
    return false;
  }

  /** Calls `notes` after each signal, for a loop without an eventfd, until the loop is retired. */
  async listen(loop: number, notes: () => void): Promise<void> {
    const signal = this.signal(loop);
    while (Atomics.load(this.words, this.at(loop, STATE)) !== RETIRED) {
      const seen = signal.count;
      notes();
      await signal.changed(seen);
    }
  }

  // ---- slots

  private slotAt(loop: number, slot: number): number {
    return this.slots + (loop * SLOTS + slot) * 2 + 1;
  }

  /** The generation of a slot: what a handle of its connection has. */
  generation(loop: number, slot: number): number {
    return (Atomics.load(this.words, this.slotAt(loop, slot)) >>> COUNT_BITS) & GENERATION_MASK;
  }

  /** Wakes a connection; false if it has closed. Any thread. */
  wake(loop: number, slot: number, generation: number): boolean {
    const { words } = this;
    const at = this.slotAt(loop, slot);
    for (;;) {
      const word = Atomics.load(words, at);
      if (((word >>> COUNT_BITS) & GENERATION_MASK) !== generation) return false;
      const count = word & COUNT_MASK;
      // So many wakes that were not seen yet say what one more would say.
      if (count === COUNT_MASK) return true;
      if (Atomics.compareExchange(words, at, word, word + 1) !== word) continue;
      if (count === 0) this.push(loop, 2 * slot + 2, at - 1);
      return true;
    }
  }

  /** The wakes of a slot whose note has come: they are the caller's to serve. */
  takeWakes(loop: number, slot: number): number {
    return Atomics.and(this.words, this.slotAt(loop, slot), ~COUNT_MASK) & COUNT_MASK;
  }

  /** The slot's connection has closed. Whether the slot may be used again at once: not if its note is on the way. */
  closeSlot(loop: number, slot: number): boolean {
    const { words } = this;
    const at = this.slotAt(loop, slot);
    for (;;) {
      const word = Atomics.load(words, at);
      const generation = (((word >>> COUNT_BITS) + 1) & GENERATION_MASK) << COUNT_BITS;
      if (Atomics.compareExchange(words, at, word, generation | (word & COUNT_MASK)) === word) {
        return (word & COUNT_MASK) === 0;
      }
    }
  }

  // ---- parcels

  /** Sends output to a connection of a loop, or closes it; false if there is no room for that now. Any thread. */
  send(loop: number, slot: number, generation: number, output: Uint8Array | undefined): boolean {
    const parcel = this.parcels.fill(loop, slot, generation, output);
    if (parcel < 0) return false;
    this.push(loop, 2 * (FDS + parcel) + 3, this.parcels.linkOf(loop, parcel));
    return true;
  }

  // ---- accepted descriptors

  /** Gives a descriptor that was accepted at an address to a loop; false if its number is too large for that. */
  handOver(loop: number, fd: number, addrIndex: number): boolean {
    if (fd >= FDS) return false;
    Atomics.store(this.words, this.fds + fd * 2 + 1, addrIndex);
    this.push(loop, 2 * fd + 3, this.fds + fd * 2);
    return true;
  }

  /** At which address a descriptor that was handed over was accepted. */
  addrIndexOf(fd: number): number {
    return Atomics.load(this.words, this.fds + fd * 2 + 1);
  }

  // ---- counters and balance

  addConnections(loop: number, by: number): void {
    Atomics.add(this.words, this.at(loop, CONNECTIONS), by);
  }

  /** The counters of a loop, in the order of `Counter`. */
  counters(loop: number): Float64Array {
    return new Float64Array(this.buffer, 4 * this.at(loop, COUNTERS), 5);
  }

  stats(loop: number): LoopStats {
    const [accepted = 0, bytesIn = 0, bytesOut = 0, wakes = 0, turns = 0] = this.counters(loop);
    const connections = Atomics.load(this.words, this.at(loop, CONNECTIONS));
    return { connections, accepted, bytesIn, bytesOut, wakes, turns };
  }

  /** The loop that a new connection goes to, which is counted there. */
  place(balance: LoadBalance): number {
    const loop = this.choose(balance);
    this.addConnections(loop, 1);
    return loop;
  }

  /** The loop whose turn it is. */
  choose(balance: LoadBalance): number {
    const { loops, words } = this;
    if (loops === 1) return 0;
    if (balance === "random") return Math.floor(Math.random() * loops);
    if (balance === "round-robin") return (Atomics.add(words, NEXT_LOOP, 1) >>> 0) % loops;
    let best = 0;
    for (let loop = 1; loop < loops; loop++) if (this.connectionsOf(loop) < this.connectionsOf(best)) best = loop;
    return best;
  }

  private connectionsOf(loop: number): number {
    return Atomics.load(this.words, this.at(loop, CONNECTIONS));
  }
}
