/**
 * `import { … } from "skein/context"`: deadlines, cancellation and values for everything that is done on behalf of one request. After
 * Go's `context`.
 *
 *     const ctx = withTimeout(background(), 100 * Millisecond);
 *     go(fetch(ctx, "a", result));
 *     select().recv(ctx.done(), () => println(ctx.err()!.message)).recv(result, use).wait();
 *     ctx.cancel();
 *
 * A context is the first argument of whatever waits. When one ends, so do all that were derived from it. Who derives one cancels it once the
 * work is over: until then its parent keeps it.
 *
 * A context's lock is held while those of its children are taken, never the other way round.
 *
 * On a goroutine.
 */
import { Chan } from "./runtime/chan/chan";
import { newproc } from "./runtime/goroutine/proc";
import { afterFunc as afterTime, now, Timer } from "./runtime/goroutine/time";
import { Mutex } from "./runtime/sync/mutex";

/** Why a context that was cancelled has ended. */
export const canceled: Error = new Error("context canceled");
/** Why a context whose time was up has ended. */
export const deadlineExceeded: Error = new Error("context deadline exceeded");

/** No reading of the clock. */
const NEVER: i64 = i64.MAX_VALUE;

const never: Chan<bool> = new Chan<bool>();
const root: Context = new Context(null);

/** What ends when its parent does, has a deadline, carries values. Any number of goroutines may use it. */
export class Context {
  constructor(protected readonly parent: Context | null) {}

  /** A channel that is closed when the context ends; never that of `background`. */
  done(): Chan<bool> {
    const parent = this.parent;
    return parent ? parent.done() : never;
  }

  /** Why it has ended, `canceled` or `deadlineExceeded`; null while it has not. */
  err(): Error | null {
    const parent = this.parent;
    return parent ? parent.err() : null;
  }

  /** What was given to `cancel` as the reason; else what `err` says. */
  cause(): Error | null {
    const parent = this.parent;
    return parent ? parent.cause() : null;
  }

  /** The reading of `now()` at which it ends by itself; the largest i64 if it has no deadline. */
  deadline(): i64 {
    const parent = this.parent;
    return parent ? parent.deadline() : NEVER;
  }

  /** The value of a key, the key's own where nobody has set one. */
  value<T>(key: Key<T>): T {
    const found = this.find(changetype<usize>(key));
    return found ? changetype<ValueContext<T>>(found).held : key.otherwise;
  }

  /** The context that has the value of a key. */
  protected find(key: usize): Context | null {
    const parent = this.parent;
    return parent ? parent.find(key) : null;
  }

  /** The nearest that can be cancelled, itself included. */
  protected nearest(): Cancellable | null {
    const parent = this.parent;
    return parent ? parent.nearest() : null;
  }


  @unsafe nearestCancellable(): Cancellable | null {
    return this.nearest();
  }
}

/** A context that ends when `cancel` is called. */
export class Cancellable extends Context {
  private readonly mutex: Mutex = new Mutex();
  private readonly closed: Chan<bool> = new Chan<bool>();
  private error: Error | null = null;
  private reason: Error | null = null;
  /** What ends with it; null once it has ended. */
  private children: Set<Cancellable> | null = new Set<Cancellable>();
  private timer: Timer | null = null;
  private until: i64;

  constructor(parent: Context) {
    super(parent);
    this.until = parent.deadline();
    const above = parent.nearestCancellable();
    if (above) above.adopt(this);
  }

  /** Ends it, and all that were derived from it, for a reason that `cause` then tells. Once it has ended, does nothing. */
  cancel(cause: Error | null = null): void {
    this.leave();
    this.end(canceled, cause ? cause : canceled);
  }

  done(): Chan<bool> {
    return this.closed;
  }

  err(): Error | null {
    this.mutex.lock();
    const error = this.error;
    this.mutex.unlock();
    return error;
  }

  cause(): Error | null {
    this.mutex.lock();
    const reason = this.reason;
    this.mutex.unlock();
    return reason;
  }

  deadline(): i64 {
    return this.until;
  }

  protected nearest(): Cancellable | null {
    return this;
  }

  /** What the ended context still has to do; for those that do something. */
  protected ended(): void {}


  @unsafe endAt(deadline: i64): void {
    if (deadline >= this.until) return; // the parent's comes first
    this.until = deadline;
    const left = deadline - now();
    if (left <= 0) {
      this.expire();
      return;
    }
    this.mutex.lock();
    if (!this.error) this.timer = afterTime(left, this.expire());
    this.mutex.unlock();
  }


  @unsafe expire(): void {
    this.leave();
    this.end(deadlineExceeded, deadlineExceeded);
  }

  /** Has a child end with it, at once if it has ended. */
  @unsafe adopt(child: Cancellable): void {
    this.mutex.lock();
    const error = this.error;
    const children = this.children;
    if (children) children.add(child);
    this.mutex.unlock();
    if (error) child.end(error, this.reason!);
  }


  @unsafe leave(): void {
    const parent = this.parent;
    const above = parent ? parent.nearestCancellable() : null;
    if (above) above.disown(this);
  }


  @unsafe disown(child: Cancellable): void {
    this.mutex.lock();
    const children = this.children;
    if (children) children.delete(child);
    this.mutex.unlock();
  }


  @unsafe end(error: Error, reason: Error): void {
    this.mutex.lock();
    if (this.error) {
      this.mutex.unlock();
      return;
    }
    this.error = error;
    this.reason = reason;
    this.closed.close();
    const children = this.children!.values();
    this.children = null;
    for (let i = 0; i < children.length; i++) children[i].end(error, reason);
    const timer = this.timer;
    if (timer) timer.stop();
    this.timer = null;
    this.mutex.unlock();
    this.ended();
  }
}

/** Makes a call when its parent ends. */
class Following extends Cancellable {
  constructor(
    parent: Context,
    private readonly call: () => void,
  ) {
    super(parent);
    this.isReady = true;
    if (this.err()) this.ended();
  }

  private isReady: bool = false;
  private isStopped: bool = false;

  /** False if the call has been made. */
  stop(): bool {
    if (this.err()) return false;
    this.isStopped = true;
    this.cancel();
    return true;
  }

  protected ended(): void {
    if (!this.isReady || this.isStopped) return;
    newproc(make(this.call));
  }
}

function make(call: () => void): void {
  call();
}

/** The name of a value that contexts carry, and what it is where none has it. Two keys of one name are two keys. */
export class Key<T> {
  constructor(readonly otherwise: T) {}
}

class ValueContext<T> extends Context {
  constructor(
    parent: Context,
    private readonly key: Key<T>,
    readonly held: T,
  ) {
    super(parent);
  }

  protected find(key: usize): Context | null {
    return changetype<usize>(this.key) == key ? this : super.find(key);
  }
}

/** The context that all others are derived from: it never ends, and carries nothing. */
export function background(): Context {
  return root;
}

/** A context that ends with `parent`, or when its `cancel` is called. */
export function withCancel(parent: Context): Cancellable {
  return new Cancellable(parent);
}

/** One that also ends by itself when the clock, `now()`, shows `deadline`. */
export function withDeadline(parent: Context, deadline: i64): Cancellable {
  const ctx = new Cancellable(parent);
  ctx.endAt(deadline);
  return ctx;
}

/** One that also ends by itself `d` nanoseconds from now. */
export function withTimeout(parent: Context, d: i64): Cancellable {
  const at = now();
  return withDeadline(parent, d > i64.MAX_VALUE - at ? i64.MAX_VALUE : at + d);
}

/** A context that carries a value, beside those of `parent`. */
export function withValue<T>(parent: Context, key: Key<T>, value: T): Context {
  return new ValueContext<T>(parent, key, value);
}

/** A context with the values of `parent` that does not end with it. */
export function withoutCancel(parent: Context): Context {
  return new Detached(parent);
}

class Detached extends Context {
  done(): Chan<bool> {
    return never;
  }

  err(): Error | null {
    return null;
  }

  cause(): Error | null {
    return null;
  }

  deadline(): i64 {
    return NEVER;
  }

  protected nearest(): Cancellable | null {
    return null;
  }
}

/** A call that waits for a context to end. */
export class Pending {
  constructor(private readonly following: Following) {}

  /** Has the call not be made; false if it has been already, or is being. */
  stop(): bool {
    return this.following.stop();
  }
}

/** Makes the call in a goroutine of its own when the context ends, at once if it has. */
export function afterFunc(ctx: Context, call: () => void): Pending {
  return new Pending(new Following(ctx, call));
}
