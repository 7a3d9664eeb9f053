/**
 * `import { EventLoop } from "skein/loop"`: the event loop, after asyncio's, for goroutine programs.
 *
 * One goroutine runs the loop, and makes all its calls, one after the other. A call has the forms of `go`: `callSoon(f(a))`
 * evaluates `a` now and calls `f` later. A call that blocks (a receive, a lock, `sleep`) holds the loop up, but no other
 * goroutine. A call that panics is a panic of the goroutine that runs the loop.
 *
 * A turn has asyncio's four phases (`runOnce`): what is ready is called first in, first out; what gets ready during a turn
 * is called in the next; timers due at one time are called in the order set; nothing is called early.
 *
 * Other goroutines reach the loop by `callSoonThreadsafe` alone, through the core's lock-free queue (`runtime/base/mpsc.ts`). All
 * else is for the goroutine that runs the loop, or while nobody runs it; anything else panics.
 *
 * On a goroutine: the loop's own, but for `callSoonThreadsafe`.
 */
import { addressOf } from "./abi";
import { Chan } from "./runtime/chan/chan";
import { nanotime } from "./runtime/base/clock";
import { mpscPush, mpscTake } from "./runtime/base/mpsc";
import { shadeList, shadeObject, shadePushed } from "./runtime/memory/mark";
import { nilCheck } from "./runtime/base/nil";
import { gopanic } from "./runtime/base/panic";
import { goid } from "./runtime/goroutine/proc";
import { Select } from "./runtime/chan/select";
import { freeTask, runTask, Task } from "./runtime/goroutine/task";
import { Timer } from "./runtime/goroutine/time";

/** With fewer timers than this, cancelled ones are only dropped from the top; asyncio's value. */
const COMPACT_ABOVE: i32 = 100;
/** Places of the ring of what is ready when it is first used. */
const INITIAL_READY: i32 = 64;

/** A call that is to be made soon. */
export class Handle {
  /** The next note in the loop's queue. */
  next: Handle | null = null;
  /** The call's record; 0 once it was made or cancelled. Whoever exchanges it for 0 makes the call, or frees the record. */
  protected task: usize;
  protected loop: EventLoop;
  /** Was it `cancel` that exchanged it? */
  private givenUp: bool = false;
  /** The loop is to stop once it has made the call. */
  last: bool = false;

  constructor(loop: EventLoop, task: Task) {
    this.loop = loop;
    this.task = changetype<usize>(task);
    shadeObject(this.task);
  }

  /** Has the call been made, or been cancelled? Then it will not be made any more. */
  get done(): bool {
    return atomic.load<usize>(addressOf(this.task)) == 0;
  }

  /** Has it been cancelled, before the call was made? */
  get cancelled(): bool {
    return atomic.load<u8>(addressOf(this.givenUp)) != 0;
  }

  /** Keeps the call from being made; false if it has been, or was cancelled before. Any goroutine. */
  cancel(): bool {
    const task = atomic.xchg<usize>(addressOf(this.task), 0);
    if (task == 0) return false;
    atomic.store<u8>(addressOf(this.givenUp), 1);
    freeTask(task);
    return true;
  }

  /** For the collector. */
  @unsafe private __visit(cookie: u32): void {
    const next = changetype<usize>(this.next);
    if (next != 0) __visit(next, cookie);
    __visit(changetype<usize>(this.loop), cookie);
    if (this.task != 0) __visit(this.task, cookie);
  }

  /** Makes the call, unless it was cancelled. */
  run(): void {
    const task = atomic.xchg<usize>(addressOf(this.task), 0);
    if (task != 0) runTask(changetype<Task>(task));
  }
}

/** A call that is to be made at a certain time. */
export class TimerHandle extends Handle {
  private due: i64;
  /** Grows with each timer that is set. */
  sequence: i64;
  /** Is it in the heap? The loop's. */
  scheduled: bool = false;

  constructor(loop: EventLoop, task: Task, when: i64, sequence: i64) {
    super(loop, task);
    this.due = when;
    this.sequence = sequence;
  }

  /** The reading of the loop's `time()` from which on the call is to be made. */
  get when(): i64 {
    return this.due;
  }

  cancel(): bool {
    if (!super.cancel()) return false;
    // Too many at most, if it is just being taken out: then the heap is gone through once for nothing.
    if (this.scheduled) atomic.add<i32>(addressOf(this.loop.cancelledTimers), 1);
    return true;
  }

  before(other: TimerHandle): bool {
    return this.due < other.due || (this.due == other.due && this.sequence < other.sequence);
  }
}

/** Makes calls soon, or at certain times, in the goroutine that runs it. */
export class EventLoop {
  /** The latest of the calls that other goroutines have asked for; the head of a queue of `mpsc.ts`. */
  private notes: Handle | null = null;
  /** Timers in the heap that were cancelled. */
  private cancelledTimers: i32 = 0;
  /** Holds a value when a call was put into the empty queue, for a loop that waits. */
  private wakeup: Chan<bool> = new Chan<bool>(1);
  /** Ready calls: a ring, its length a power of two. */
  private ready: StaticArray<Handle | null> = new StaticArray<Handle | null>(INITIAL_READY);
  private head: i32 = 0;
  private length: i32 = 0;
  /** A 4-ary heap. */
  private timers: Array<TimerHandle> = [];
  private sequence: i64 = 0;
  /** What the loop sleeps in while it has timers. */
  private alarm: Timer | null = null;
  private waiter: Select | null = null;
  /** The goroutine that runs the loop, 0 if nobody does. */
  private runner: i64 = 0;
  private stopping: bool = false;
  private closed: bool = false;

  // ---- scheduling -------------------------------------------------------------------------------------------------------

  /** Has the call made in the loop's next turn. */
  callSoon(task: Task): Handle {
    this.check("callSoon", task);
    const handle = new Handle(this, task);
    this.push(handle);
    return handle;
  }

  /** Has the call made in `d` nanoseconds. */
  callLater(d: i64, task: Task): TimerHandle {
    const t = nanotime();
    return this.setTimer("callLater", d > 0 && t > i64.MAX_VALUE - d ? i64.MAX_VALUE : t + d, task);
  }

  /** Has the call made when `time()` is `when`. */
  callAt(when: i64, task: Task): TimerHandle {
    return this.setTimer("callAt", when, task);
  }

  /** Has the call made in the loop's next turn, waking the loop if it sleeps. Any goroutine. */
  callSoonThreadsafe(task: Task): Handle {
    nilCheck(changetype<usize>(this));
    if (atomic.load<u8>(addressOf(this.closed)) != 0) {
      freeTask(changetype<usize>(task));
      gopanic("event loop: callSoonThreadsafe of a closed loop");
    }
    const handle = new Handle(this, task);
    const isFirst = mpscPush(addressOf(this.notes), changetype<usize>(handle), offsetof<Handle>("next"));
    shadePushed(changetype<usize>(handle), offsetof<Handle>("next"));
    if (isFirst) this.wakeup.trySend(true);
    return handle;
  }

  /** The loop's clock, which is `now()`. */
  time(): i64 {
    return nanotime();
  }

  private setTimer(what: string, when: i64, task: Task): TimerHandle {
    this.check(what, task);
    const handle = new TimerHandle(this, task, when, ++this.sequence);
    handle.scheduled = true;
    const place = this.timers.push(handle) - 1;
    this.siftUp(place, handle);
    return handle;
  }

  // ---- running ----------------------------------------------------------------------------------------------------------

  /** Runs the loop in this goroutine, until `stop`. */
  runForever(): void {
    this.checkOpen("runForever");
    if (this.runner != 0) gopanic("event loop: this loop is already running");
    this.runner = goid();
    do this.runOnce();
    while (!this.stopping);
    this.stopping = false;
    this.runner = 0;
  }

  /** Makes the call in the loop, and runs the loop until it has returned. */
  runUntilComplete(task: Task): void {
    const handle = this.callSoon(task);
    handle.last = true;
    this.runForever();
  }

  /**
   * Has the loop stop at the end of this turn, or of the first one if it is not running yet. Other goroutines say
   * `loop.callSoonThreadsafe(loop.stop())`.
   */
  stop(): void {
    this.checkOwner("stop");
    this.stopping = true;
  }

  /** Ends the loop for good; calls not yet made are dropped. Panics while it runs. */
  close(): void {
    nilCheck(changetype<usize>(this));
    if (this.runner != 0) gopanic("event loop: close of a running loop");
    if (this.closed) return;
    atomic.store<u8>(addressOf(this.closed), 1);
    this.takeNotes();
    while (this.length > 0) this.shift().cancel();
    for (let i = 0; i < this.timers.length; i++) this.timers[i].cancel();
    this.timers = [];
  }

  /** Is a goroutine running the loop? */
  get isRunning(): bool {
    return atomic.load<i64>(addressOf(this.runner)) != 0;
  }

  /** Was the loop closed? */
  get isClosed(): bool {
    return atomic.load<u8>(addressOf(this.closed)) != 0;
  }

  /** One turn. */
  private runOnce(): void {
    // 1. Forget timers that were cancelled.
    this.dropCancelled();
    // 2. Wait, if there is nothing to do, and take what other goroutines ask for.
    if (this.length == 0 && !this.stopping) this.wait();
    this.takeNotes();
    // 3. Timers that are due are ready.
    this.takeDueTimers();
    // 4. Call what is ready; what gets ready meanwhile is for the next turn.
    for (let left = this.length; left > 0; left--) {
      const handle = this.shift();
      handle.run();
      if (handle.last) this.stopping = true;
    }
  }

  /** Sleeps until the first timer is due, or another goroutine has asked for a call. */
  private wait(): void {
    if (atomic.load<usize>(addressOf(this.notes)) != 0) return;
    if (this.timers.length == 0) {
      this.wakeup.recv();
      return;
    }
    const d = this.timers[0].when - nanotime();
    if (d <= 0) return;
    let alarm = this.alarm;
    let waiter = this.waiter;
    if (!alarm || !waiter) {
      this.alarm = alarm = new Timer(d);
      this.waiter = waiter = new Select();
      waiter.recv<bool>(this.wakeup);
      waiter.recv<i64>(alarm.chan);
    } else alarm.reset(d);
    if (waiter.wait() == 0) alarm.stop();
  }

  private takeNotes(): void {
    let at = mpscTake(addressOf(this.notes), offsetof<Handle>("next"));
    shadeList(at, offsetof<Handle>("next"));
    while (at != 0) {
      const handle = changetype<Handle>(at);
      at = changetype<usize>(handle.next);
      handle.next = null;
      this.push(handle);
    }
  }

  private takeDueTimers(): void {
    if (this.timers.length == 0) return;
    const now = nanotime();
    while (this.timers.length > 0 && this.timers[0].when <= now) {
      const timer = this.popTimer();
      if (!timer.done) this.push(timer);
    }
  }

  // ---- ready ------------------------------------------------------------------------------------------------------------

  private push(handle: Handle): void {
    const size = this.ready.length;
    if (this.length == size) this.grow();
    unchecked((this.ready[(this.head + this.length) & (this.ready.length - 1)] = handle));
    this.length++;
  }

  /** Takes the oldest; there must be one. */
  private shift(): Handle {
    const handle = unchecked(this.ready[this.head])!;
    unchecked((this.ready[this.head] = null));
    this.head = (this.head + 1) & (this.ready.length - 1);
    this.length--;
    return handle;
  }

  private grow(): void {
    const size = this.ready.length;
    const ring = new StaticArray<Handle | null>(size * 2);
    for (let i = 0; i < size; i++) ring[i] = this.ready[(this.head + i) & (size - 1)];
    this.ready = ring;
    this.head = 0;
  }

  // ---- timers -----------------------------------------------------------------------------------------------------------

  /** Drops cancelled timers: all if they are many, else those at the top. */
  private dropCancelled(): void {
    const cancelled = atomic.load<i32>(addressOf(this.cancelledTimers));
    if (cancelled == 0) return;
    const timers = this.timers;
    if (timers.length <= COMPACT_ABOVE || cancelled <= timers.length >> 1) {
      while (timers.length > 0 && timers[0].done) this.popTimer();
      return;
    }
    atomic.sub<i32>(addressOf(this.cancelledTimers), cancelled);
    let kept = 0;
    for (let i = 0; i < timers.length; i++) {
      const timer = timers[i];
      if (timer.done) timer.scheduled = false;
      else timers[kept++] = timer;
    }
    timers.length = kept;
    for (let i = (kept - 2) >> 2; i >= 0; i--) this.siftDown(i, timers[i]);
  }

  private popTimer(): TimerHandle {
    const timers = this.timers;
    const top = timers[0];
    const last = timers.pop();
    if (timers.length > 0) this.siftDown(0, last);
    top.scheduled = false;
    if (top.done && atomic.load<i32>(addressOf(this.cancelledTimers)) > 0)
      atomic.sub<i32>(addressOf(this.cancelledTimers), 1);
    return top;
  }

  /** Finds the place for a timer from the gap at `place` upwards. */
  private siftUp(place: i32, timer: TimerHandle): void {
    const timers = this.timers;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const above = unchecked(timers[parent]);
      if (!timer.before(above)) break;
      unchecked((timers[place] = above));
      place = parent;
    }
    unchecked((timers[place] = timer));
  }

  /** Finds the place for a timer from the gap at `place` downwards. */
  private siftDown(place: i32, timer: TimerHandle): void {
    const timers = this.timers;
    const length = timers.length;
    while (true) {
      let child = (place << 2) + 1;
      if (child >= length) break;
      const end = min(child + 4, length);
      let least = unchecked(timers[child]);
      for (let i = child + 1; i < end; i++) {
        const other = unchecked(timers[i]);
        if (other.before(least)) {
          least = other;
          child = i;
        }
      }
      if (!least.before(timer)) break;
      unchecked((timers[place] = least));
      place = child;
    }
    unchecked((timers[place] = timer));
  }

  // ---- misuse -----------------------------------------------------------------------------------------------------------

  /** Panics if the loop is closed, or another goroutine runs it; then the call is given up. */
  private check(what: string, task: Task): void {
    nilCheck(changetype<usize>(this));
    if (!this.closed && (this.runner == 0 || this.runner == goid())) return;
    freeTask(changetype<usize>(task));
    this.checkOpen(what);
    this.checkOwner(what);
  }

  private checkOpen(what: string): void {
    nilCheck(changetype<usize>(this));
    if (this.closed) gopanic("event loop: " + what + " of a closed loop");
  }

  private checkOwner(what: string): void {
    nilCheck(changetype<usize>(this));
    if (this.runner != 0 && this.runner != goid()) {
      gopanic(
        "event loop: " + what + " from another goroutine than the one that runs the loop: use callSoonThreadsafe",
      );
    }
  }
}
