/**
 * `import { … } from "skein/sync"`: what programs build of the locks of `"skein"`, made once.
 *
 * On a goroutine.
 */
import { Context } from "./context";
import { gopanic, panicError } from "./runtime/base/panic";
import { Chan } from "./runtime/chan/chan";
import { Select } from "./runtime/chan/select";
import { Cond } from "./runtime/sync/cond";
import { Mutex } from "./runtime/sync/mutex";
import { Once } from "./runtime/sync/once";
import { RWMutex } from "./runtime/sync/rwmutex";
import { List } from "./container";

class Value<T> {
  held!: T;
  /** What the function has panicked with. */
  error: Error | null = null;
}

/**
 * A function that returns what `f` does, which is called once, when somebody first wants it. Others wait for it meanwhile. If `f` panics, so does each
 * call.
 */
export function onceValue<T>(f: () => T): () => T {
  const once = new Once();
  const value = new Value<T>();
  return (): T => {
    once.do(fill<T>(value, f));
    const error = value.error;
    if (error) panicError(error);
    return value.held;
  };
}

function fill<T>(value: Value<T>, f: () => T): void {
  try {
    value.held = f();
  } catch (error) {
    value.error = error;
  }
}

/** A function that calls `f` the first time that it is called. If `f` panics, so does each call. */
export function onceFunc(f: () => void): () => void {
  const get = onceValue<bool>(() => {
    f();
    return true;
  });
  return (): void => {
    get();
  };
}

/** A map that any number of goroutines may use at once: those that only read do so together. */
export class SyncMap<K, V> {
  private readonly lock: RWMutex = new RWMutex();
  private readonly map: Map<K, V> = new Map<K, V>();

  /** How many keys there are. */
  get size(): i32 {
    this.lock.rlock();
    const size = this.map.size;
    this.lock.runlock();
    return size;
  }

  has(key: K): bool {
    this.lock.rlock();
    const has = this.map.has(key);
    this.lock.runlock();
    return has;
  }

  /** The value of a key, or `otherwise`. */
  load(key: K, otherwise: V): V {
    this.lock.rlock();
    const value = this.map.has(key) ? this.map.get(key) : otherwise;
    this.lock.runlock();
    return value;
  }

  store(key: K, value: V): void {
    this.lock.lock();
    this.map.set(key, value);
    this.lock.unlock();
  }

  /** The value of a key, which is `value` from now on if it had none. */
  loadOrStore(key: K, value: V): V {
    this.lock.lock();
    if (this.map.has(key)) value = this.map.get(key);
    else this.map.set(key, value);
    this.lock.unlock();
    return value;
  }

  /** Gives a key the value `next` if it has the value `old`. */
  compareAndSwap(key: K, old: V, next: V): bool {
    this.lock.lock();
    const swaps = this.map.has(key) && this.map.get(key) == old;
    if (swaps) this.map.set(key, next);
    this.lock.unlock();
    return swaps;
  }

  /** Gives a key a value: the one that it had, or `otherwise`. */
  swap(key: K, value: V, otherwise: V): V {
    this.lock.lock();
    const before = this.map.has(key) ? this.map.get(key) : otherwise;
    this.map.set(key, value);
    this.lock.unlock();
    return before;
  }

  /** Takes a key out: the value that it had, or `otherwise`. */
  loadAndDelete(key: K, otherwise: V): V {
    this.lock.lock();
    const value = this.map.has(key) ? this.map.get(key) : otherwise;
    this.map.delete(key);
    this.lock.unlock();
    return value;
  }

  /** Takes a key out if it has the value `old`. */
  compareAndDelete(key: K, old: V): bool {
    this.lock.lock();
    const deletes = this.map.has(key) && this.map.get(key) == old;
    if (deletes) this.map.delete(key);
    this.lock.unlock();
    return deletes;
  }

  /**
   * Changes the value of a key, `otherwise` if it has none, to what `f` makes of it; nobody else changes anything meanwhile. If `f` panics the value stays.
   */
  update(key: K, otherwise: V, f: (value: V) => V): V {
    this.lock.lock();
    try {
      const value = f(this.map.has(key) ? this.map.get(key) : otherwise);
      this.map.set(key, value);
      return value;
    } finally {
      this.lock.unlock();
    }
  }

  /** False if there was no such key. */
  delete(key: K): bool {
    this.lock.lock();
    const deleted = this.map.delete(key);
    this.lock.unlock();
    return deleted;
  }

  clear(): void {
    this.lock.lock();
    this.map.clear();
    this.lock.unlock();
  }

  /** Calls `f` with each key and value that there are now, until it returns false. It may change the map. */
  range(f: (key: K, value: V) => bool): void {
    this.lock.rlock();
    const keys = this.map.keys();
    const values = this.map.values();
    this.lock.runlock();
    for (let i = 0; i < keys.length; i++) if (!f(keys[i], values[i])) return;
  }
}

/** Goroutines that wait for each other: `n` at a time go on together, again and again. */
export class Barrier {
  private readonly cond: Cond = new Cond();
  private arrived: i32 = 0;
  private round: u32 = 0;

  constructor(readonly parties: i32) {
    if (parties < 1) gopanic("sync: a barrier of less than 1");
  }

  /** Waits until `parties` goroutines are here. The number of those who were before: for the last one `parties - 1`. */
  wait(): i32 {
    const mutex = this.cond.mutex;
    mutex.lock();
    const place = this.arrived++;
    if (this.arrived == this.parties) {
      this.arrived = 0;
      this.round++;
      this.cond.broadcast();
    } else {
      const round = this.round;
      while (this.round == round) this.cond.wait();
    }
    mutex.unlock();
    return place;
  }
}

/** Somebody who waits for a part of a `Weighted`. */
class Wanted {
  readonly ready: Chan<bool> = new Chan<bool>();

  constructor(readonly n: i64) {}
}

/**
 * A semaphore whose wait a context can end. First in, first out: who wants much is not passed by those who want little. (Without contexts
 * `Semaphore` does the same, faster.)
 */
export class Weighted {
  private readonly mutex: Mutex = new Mutex();
  private readonly waiting: List<Wanted> = new List<Wanted>();
  private taken: i64 = 0;

  constructor(readonly size: i64) {}

  /** Takes `n`, as soon as there are so many; why the context ended, if it does first, and then nothing is taken. */
  acquire(ctx: Context, n: i64 = 1): Error | null {
    this.mutex.lock();
    const failed = ctx.err();
    if (failed) {
      this.mutex.unlock();
      return failed;
    }
    if (this.size - this.taken >= n && this.waiting.length == 0) {
      this.taken += n;
      this.mutex.unlock();
      return null;
    }
    // What is more than there will ever be is not waited for in the queue, where it would hold up the others.
    const isPossible = n <= this.size;
    const wanted = new Wanted(n);
    const place = isPossible ? this.waiting.pushBack(wanted) : null;
    this.mutex.unlock();
    const select = new Select();
    select.recv(wanted.ready);
    select.recv(ctx.done());
    if (select.wait() == 0) return null;
    if (!place) return ctx.err();
    this.mutex.lock();
    const isLate = place.list === null; // it was served meanwhile
    if (isLate) this.taken -= n;
    else this.waiting.remove(place);
    this.serve();
    this.mutex.unlock();
    return ctx.err();
  }

  /** Takes `n` if that is possible at once. */
  tryAcquire(n: i64 = 1): bool {
    this.mutex.lock();
    const isFree = this.size - this.taken >= n && this.waiting.length == 0;
    if (isFree) this.taken += n;
    this.mutex.unlock();
    return isFree;
  }

  /** Gives `n` back. Panics if so many were not taken. */
  release(n: i64 = 1): void {
    this.mutex.lock();
    this.taken -= n;
    if (this.taken < 0) {
      this.taken += n;
      this.mutex.unlock();
      gopanic("semaphore: released more than held");
    }
    this.serve();
    this.mutex.unlock();
  }

  /** Gives those who wait what they want, in their order, as far as it goes. */
  private serve(): void {
    while (true) {
      const first = this.waiting.front;
      if (!first || this.size - this.taken < first.value.n) return;
      this.taken += first.value.n;
      this.waiting.remove(first);
      first.value.ready.close();
    }
  }
}
