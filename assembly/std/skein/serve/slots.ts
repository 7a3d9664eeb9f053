/**
 * What events and wakes know a connection by. A Slot outlives the connections that use it, as a
 * Sink must; those of a closed server serve the next.
 *
 * `wakes` holds the generation of the connection in its upper half and the wakes that have not been served in its lower, and
 * changes by compare-and-swap: so a wake for a connection that has closed fails, whoever uses the slot by then. Whoever
 * makes the count 1 tells the loop.
 *
 * On the loop's goroutine; `slotWake` on any.
 */
import { addressOf } from "../abi";
import { malloc } from "../runtime/memory/malloc";
import { NO_FD } from "../runtime/net/fd";
import { Sink, SinkEvent, sinkPost, SinkQueue } from "../runtime/net/sink";
import { netpollopen, netpollrenew } from "../runtime/net/polldesc";
import { Mutex } from "../runtime/sync/mutex";

/** Bits of a Slot. */
export namespace SlotEvent {
  /** There are wakes. */
  export const Wake: u32 = SinkEvent.User;
  /** Other goroutines have output, or want it closed. */
  export const Outside: u32 = SinkEvent.User << 1;
}

/** Bits of a loop's own Sink. */
export namespace LoopEvent {
  /** There are connections to take over. */
  export const Adopt: u32 = SinkEvent.User;
  export const Stop: u32 = SinkEvent.User << 1;
}


@unmanaged
export class Slot extends Sink {
  index: i32;
  wakes: u64;
}

/** The generation of the slot's connection. */
export function slotGeneration(s: Slot): u32 {
  return <u32>(atomic.load<u64>(addressOf(s.wakes)) >> 32);
}

/** Adds a wake; false if the connection of that generation has closed. Any goroutine. */
export function slotWake(s: Slot, generation: u32): bool {
  while (true) {
    const seen = atomic.load<u64>(addressOf(s.wakes));
    if (<u32>(seen >> 32) != generation) return false;
    // So many that were not served yet say what one more would say.
    if (<u32>seen == u32.MAX_VALUE) return true;
    if (atomic.cmpxchg<u64>(addressOf(s.wakes), seen, seen + 1) != seen) continue;
    if (<u32>seen == 0) sinkPost(s, SlotEvent.Wake);
    return true;
  }
}

/** Takes the wakes: how many there were. The loop's. */
export function slotTakeWakes(s: Slot): u32 {
  return <u32>atomic.and<u64>(addressOf(s.wakes), 0xffffffff_00000000);
}

/** The connection has closed: the next one is of another generation, without wakes. The loop's. */
function slotRetire(s: Slot): void {
  while (true) {
    const seen = atomic.load<u64>(addressOf(s.wakes));
    if (atomic.cmpxchg<u64>(addressOf(s.wakes), seen, ((seen >> 32) + 1) << 32) == seen) return;
  }
}

function zeroed(size: usize): usize {
  const at = malloc(size);
  memory.fill(at, 0, size);
  return at;
}

/** What of a loop is never freed. */
export class Slots {
  queue: SinkQueue;
  /** Tells the loop what is about no connection. */
  control: Sink;
  /** Slots made so far. */
  private count: i32 = 0;
  private free: Array<usize> = [];

  constructor() {
    const queue = changetype<SinkQueue>(zeroed(offsetof<SinkQueue>()));
    queue.pd = netpollopen(NO_FD, 0);
    const control = changetype<Sink>(zeroed(offsetof<Sink>()));
    control.queue = queue;
    this.queue = queue;
    this.control = control;
  }

  /** A slot that no connection uses. */
  take(): Slot {
    if (this.free.length > 0) return changetype<Slot>(this.free.pop());
    const slot = changetype<Slot>(zeroed(offsetof<Slot>()));
    slot.queue = this.queue;
    slot.index = this.count++;
    return slot;
  }

  /** The slot is for another connection. */
  give(slot: Slot): void {
    slotRetire(slot);
    this.free.push(changetype<usize>(slot));
  }
}

const unused: Slots[] = [];
const unusedLock: Mutex = new Mutex();

/** Slots for a loop. */
export function takeSlots(): Slots {
  unusedLock.lock();
  const slots = unused.length > 0 ? unused.pop() : new Slots();
  unusedLock.unlock();
  // The end of a program, which wakes the loops that sleep, may have gone by while they were unused.
  netpollrenew(slots.queue.pd);
  return slots;
}

/** The loop has ended. */
export function giveSlots(slots: Slots): void {
  unusedLock.lock();
  unused.push(slots);
  unusedLock.unlock();
}
