/**
 * Pins: objects that something outside of the collector's view refers to: objects of JavaScript, and whatever a program gives `__pin`.
 *
 * A hash table of counts, in memory of `malloc`. Any thread; under `gc.weakLock`, but for `visitPins`, which the collector calls with the
 * world stopped and the gate closed.
 */
import { lock, unlock } from "../base/lock";
import { addressOf, gc } from "../../abi";
import { malloc, mfree } from "./malloc";
import { markObject } from "./mark";


@unmanaged
class Pin {
  next: Pin | null;
  object: usize;
  count: u32;
}

const BUCKETS: usize = 1024;


@inline
function bucketOf(object: usize): usize {
  // Objects are 16 bytes apart at least.
  return gc.pins + (((object >> 4) ^ (object >> 14)) & (BUCKETS - 1)) * sizeof<usize>();
}

/** Keeps an object, until as many calls of `unpin`. */
export function pin(object: usize): void {
  lock(addressOf(gc.weakLock));
  if (gc.pins == 0) {
    gc.pins = malloc(BUCKETS * sizeof<usize>());
    memory.fill(gc.pins, 0, BUCKETS * sizeof<usize>());
  }
  const bucket = bucketOf(object);
  let it = load<Pin | null>(bucket);
  while (it && it.object != object) it = it.next;
  if (it) {
    it.count++;
  } else {
    it = changetype<Pin>(malloc(offsetof<Pin>()));
    it.next = load<Pin | null>(bucket);
    it.object = object;
    it.count = 1;
    store<usize>(bucket, changetype<usize>(it));
  }
  unlock(addressOf(gc.weakLock));
}

/** Undoes one `pin`; does nothing if there is none. */
export function unpin(object: usize): void {
  lock(addressOf(gc.weakLock));
  if (gc.pins != 0) {
    let at = bucketOf(object);
    let it = load<Pin | null>(at);
    while (it && it.object != object) {
      at = changetype<usize>(it) + offsetof<Pin>("next");
      it = it.next;
    }
    if (it && --it.count == 0) {
      store<usize>(at, changetype<usize>(it.next));
      mfree(changetype<usize>(it));
    }
  }
  unlock(addressOf(gc.weakLock));
}

export function visitPins(): void {
  if (gc.pins == 0) return;
  for (let i: usize = 0; i < BUCKETS; i++) {
    let it = load<Pin | null>(gc.pins + i * sizeof<usize>());
    while (it) {
      markObject(it.object);
      it = it.next;
    }
  }
}
