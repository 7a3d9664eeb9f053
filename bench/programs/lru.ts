/**
 * Lru: goroutines ask caches of their own, each a map and a list in the order of last use, for scattered keys; what is not there is made,
 * and what was not used for longest goes. Time for all.
 */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";

/** Questions of one goroutine. */
const questions = arg(0, 500_000);
const goroutines: i32 = 8;
const capacity: i32 = 20_000;
/** Different keys: four for each place. */
const keys: u32 = 80_000;

/** An entry, or the ring's head, whose next is the one used last. */
class Entry {
  prev: Entry = this;
  next: Entry = this;
  constructor(
    public key: i32,
    public bytes: StaticArray<u8>,
  ) {}

  leave(): void {
    this.prev.next = this.next;
    this.next.prev = this.prev;
  }

  enter(head: Entry): void {
    this.prev = head;
    this.next = head.next;
    head.next.prev = this;
    head.next = this;
  }
}

class Cache {
  private entries: Map<i32, Entry> = new Map();
  private head: Entry = new Entry(0, []);
  hits: i32 = 0;
  evictions: i32 = 0;

  get size(): i32 {
    return this.entries.size;
  }

  get(key: i32): Entry {
    if (this.entries.has(key)) {
      const entry = this.entries.get(key);
      entry.leave();
      entry.enter(this.head);
      this.hits++;
      return entry;
    }
    if (this.entries.size == capacity) {
      const oldest = this.head.prev;
      oldest.leave();
      this.entries.delete(oldest.key);
      this.evictions++;
    }
    const entry = new Entry(key, new StaticArray<u8>(64));
    entry.bytes[0] = <u8>key;
    this.entries.set(key, entry);
    entry.enter(this.head);
    return entry;
  }
}

function ask(seed: u32, done: Chan<i32>): void {
  const cache = new Cache();
  for (let i = 0; i < questions; i++) {
    seed = seed * 1664525 + 1013904223;
    // Half of the questions are for an eighth of the keys.
    const key = <i32>((seed >> 8) % (seed & 0x80000000 ? keys : keys / 8));
    const entry = cache.get(key);
    check(entry.key == key && entry.bytes[0] == <u8>key, "the entry is that of the key");
  }
  check(cache.hits + cache.evictions + cache.size == questions, "each question is a hit or an entry");
  done.send(cache.hits);
}

function work(): void {
  const done = new Chan<i32>();
  for (let i = 0; i < goroutines; i++) go(ask(i * 7919, done));
  let hits = 0;
  for (let i = 0; i < goroutines; i++) hits += done.recv();
  check(hits > questions, "hits");
}

export function main(): void {
  total(arg(1, 3), work);
}
