/**
 * `import { Group } from "skein/singleflight"`: goroutines that want the same thing at the same time have it made once. After
 * `golang.org/x/sync/singleflight`.
 *
 *     const pages = new Group<string>();
 *     const page = pages.do("/index", () => render("/index"));
 *
 * On a goroutine.
 */
import { panicError } from "./runtime/base/panic";
import { goexit } from "./runtime/goroutine/unwind";
import { Mutex } from "./runtime/sync/mutex";
import { WaitGroup } from "./runtime/sync/waitgroup";

/** A call that is being made. */
class Call<T> {
  readonly finished: WaitGroup = new WaitGroup();
  value!: T;
  /** It has returned. Else it has panicked with `error`, or ended its goroutine. */
  hasReturned: bool = false;
  error: Error | null = null;
  /** How many wait for it, besides who makes it. */
  others: i32 = 0;
}

/** What a call gave. */
export class Flight<T> {
  constructor(
    readonly value: T,
    /** Others got the same. */
    readonly shared: bool,
  ) {}
}

/** Calls by their keys. */
export class Group<T> {
  private readonly mutex: Mutex = new Mutex();
  private readonly calls: Map<string, Call<T>> = new Map<string, Call<T>>();

  /** What `f` returns; if a call with this key is being made, what that returns, and `f` is not called. If it panics, so do all who wait for it. */
  do(key: string, f: () => T): T {
    return this.fly(key, f).value;
  }

  /** The same, and whether others got it, too. */
  fly(key: string, f: () => T): Flight<T> {
    this.mutex.lock();
    if (this.calls.has(key)) {
      const call = this.calls.get(key);
      call.others++;
      this.mutex.unlock();
      call.finished.wait();
      const error = call.error;
      if (error) panicError(error);
      if (!call.hasReturned) goexit();
      return new Flight<T>(call.value, true);
    }
    const call = new Call<T>();
    call.finished.add();
    this.calls.set(key, call);
    this.mutex.unlock();

    try {
      call.value = f();
      call.hasReturned = true;
    } catch (error) {
      call.error = error;
      panicError(error);
    } finally {
      this.mutex.lock();
      if (this.calls.has(key) && this.calls.get(key) === call) this.calls.delete(key);
      this.mutex.unlock();
      call.finished.done();
    }
    return new Flight<T>(call.value, call.others > 0);
  }

  /** Whoever asks for the key next has it made anew, though a call is under way. */
  forget(key: string): void {
    this.mutex.lock();
    this.calls.delete(key);
    this.mutex.unlock();
  }
}
