/**
 * Sinks: the events of many descriptors, on their way to the one goroutine that serves them all (`skein/serve`).
 *
 * A Sink collects what has happened to its descriptor as bits. Whoever sets the first bit puts it into its owner's queue
 * (`mpsc.ts`), and whoever finds that queue empty makes the owner runnable. So an event costs an atomic `or`, ten thousand
 * events wake their owner once, and nothing is allocated.
 *
 * Invariants
 * - A Sink is in the queue, or about to be put there by who has set its first bit, if and only if `pending` is not 0. The owner
 *   takes the queue, reads a Sink's link, and only then exchanges `pending` for 0: from then on it may be put in again.
 * - A Sink and its queue are never freed, and a Sink never changes its queue: an event may come late, when the descriptor that
 *   it is about has long been closed. So an owner takes an event as a hint, and finds out by trying.
 *
 * Ordering: all operations are sequentially consistent. Who tells pushes, then looks at the owner's word (`netpoll.ts`); the
 * owner clears the word, looks at the queue, and parks if it is empty. Either the owner sees the push, or its word is cleared
 * before it is looked at, and then the one who tells leaves READY there or takes the parked owner out.
 *
 * Telling and posting run on any thread, on either stack; taking and waiting on the owner's goroutine.
 */
import { mpscPush, mpscTake } from "../base/mpsc";
import { netpollblock, netpollreset, netpollwake, PollDesc, readyOne } from "./polldesc";
import { G, addressOf } from "../../abi";

/** Bits of Sink.pending. */
export namespace SinkEvent {
  export const Read: u32 = 1;
  export const Write: u32 = 2;
  // The others are the owner's.
  export const User: u32 = 4;
}

/** The head of a queue of `mpsc.ts`, and where its owner sleeps. */
@unmanaged
export class SinkQueue {
  head: usize;
  pd: PollDesc;
}


@unmanaged
export class Sink {
  /** Link in the queue. */
  next: usize;
  /** Bits of SinkEvent. Atomic. */
  pending: u32;
  queue: SinkQueue;
}

/** Adds bits; returns the owner if it has to be made runnable, taken out of its word. Any thread. */
export function sinkTell(s: Sink, bits: u32): G | null {
  if (atomic.or<u32>(addressOf(s.pending), bits) != 0) return null;
  const queue = s.queue;
  if (!mpscPush(changetype<usize>(queue), changetype<usize>(s), offsetof<Sink>("next"))) return null;
  return netpollwake(queue.pd);
}

/** Adds bits, and makes the owner runnable. Any thread. */
export function sinkPost(s: Sink, bits: u32): void {
  const gp = sinkTell(s, bits);
  if (gp) readyOne(gp);
}

/** Takes all Sinks, the oldest first, each linked to the next; 0 if there are none. The owner's. */
@inline
export function sinkTake(queue: SinkQueue): usize {
  return mpscTake(changetype<usize>(queue), offsetof<Sink>("next"));
}

/** Takes the bits of a Sink that was taken, whose link has been read. The owner's. */
@inline
export function sinkBits(s: Sink): u32 {
  return atomic.xchg<u32>(addressOf(s.pending), 0);
}

/** Whether the owner has something to take. */
@inline
export function sinkAny(queue: SinkQueue): bool {
  return atomic.load<usize>(changetype<usize>(queue)) != 0;
}

/** Parks the owner until there is something to take, or its PollDesc's deadline passes: a PollError. It may return early. */
export function sinkWait(queue: SinkQueue): i32 {
  netpollreset(queue.pd, false);
  return sinkAny(queue) ? 0 : netpollblock(queue.pd, false);
}
