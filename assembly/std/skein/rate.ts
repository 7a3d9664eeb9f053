/**
 * `import { Limiter } from "skein/rate"`: how often something may happen. After `golang.org/x/time/rate`.
 *
 * A bucket holds at most `burst` tokens and gets `perSecond` new ones each second; what happens takes one. So no more than `burst + perSecond * t` things happen in
 * any `t` seconds.
 *
 * On a goroutine.
 */
import { background, Context, deadlineExceeded } from "./context";
import { now, Second, Timer } from "./runtime/goroutine/time";
import { Select } from "./runtime/chan/select";
import { Mutex } from "./runtime/sync/mutex";
import { gopanic } from "./runtime/base/panic";

/** A bucket of tokens, full at first. */
export class Limiter {
  private readonly mutex: Mutex = new Mutex();
  /** Below 0 where some have been promised. */
  private tokens: f64;
  private last: i64 = now();

  constructor(
    readonly perSecond: f64,
    readonly burst: i32,
  ) {
    if (!(perSecond > 0) || burst < 1) gopanic("rate: a limiter of less than one token");
    this.tokens = <f64>burst;
  }

  /** Takes `n` tokens if they are there. */
  allow(n: i32 = 1): bool {
    this.mutex.lock();
    this.refill();
    const allowed = this.tokens >= <f64>n;
    if (allowed) this.tokens -= <f64>n;
    this.mutex.unlock();
    return allowed;
  }

  /** Takes `n` tokens and says how many nanoseconds the caller is to wait before it uses them. Panics if there will never be so many. */
  reserve(n: i32 = 1): i64 {
    if (n > this.burst)
      gopanic("rate: " + n.toString() + " tokens are more than the burst of " + this.burst.toString());
    this.mutex.lock();
    this.refill();
    this.tokens -= <f64>n;
    const missing = max<f64>(0, -this.tokens);
    this.mutex.unlock();
    return <i64>ceil((missing / this.perSecond) * <f64>Second);
  }

  /** Waits for `n` tokens, and takes them; why the context ended, or `deadlineExceeded` at once if it would before they are there. Then it takes none. */
  wait(ctx: Context = background(), n: i32 = 1): Error | null {
    const ended = ctx.err();
    if (ended) return ended;
    const delay = this.reserve(n);
    if (delay == 0) return null;
    if (ctx.deadline() - now() < delay) {
      this.giveBack(n);
      return deadlineExceeded;
    }
    const timer = new Timer(delay);
    const select = new Select();
    select.recv(timer.chan);
    select.recv(ctx.done());
    if (select.wait() == 0) return null;
    timer.stop();
    this.giveBack(n);
    return ctx.err();
  }

  private giveBack(n: i32): void {
    this.mutex.lock();
    this.tokens = min<f64>(<f64>this.burst, this.tokens + <f64>n);
    this.mutex.unlock();
  }

  private refill(): void {
    const at = now();
    this.tokens = min<f64>(<f64>this.burst, this.tokens + (<f64>(at - this.last) / <f64>Second) * this.perSecond);
    this.last = at;
  }
}
