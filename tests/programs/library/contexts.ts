// Contexts, groups of goroutines, and what is built of locks.

import {
  Atomic,
  Chan,
  Millisecond,
  Second,
  WaitGroup,
  go,
  goexit,
  gosched,
  now,
  numGoroutine,
  println,
  select,
  sleep,
} from "skein";
import {
  afterFunc,
  background,
  canceled,
  Context,
  deadlineExceeded,
  Key,
  withCancel,
  withDeadline,
  withoutCancel,
  withTimeout,
  withValue,
} from "skein/context";
import { Group } from "skein/errgroup";
import { Limiter } from "skein/rate";
import { Group as Flights } from "skein/singleflight";
import { Barrier, onceFunc, onceValue, SyncMap, Weighted } from "skein/sync";
import { check, same } from "../expect";

function isDone(ctx: Context): bool {
  return (
    select()
      .recv(ctx.done(), () => {})
      .otherwise(() => {})
      .wait() == 0
  );
}

const user = new Key<string>("nobody");
const depth = new Key<i32>(-1);

function aContextEndsWithItsParent(): void {
  const root = withCancel(background());
  const named = withValue(root, user, "ada");
  const child = withCancel(named);
  const apart = withCancel(withoutCancel(child));
  const sibling = withTimeout(root, 1000 * Second);
  check(!isDone(child) && child.err() === null && child.cause() === null, "not yet");
  const reason = new Error("enough");
  root.cancel(reason);
  root.cancel(new Error("once more"));
  check(isDone(root) && isDone(named) && isDone(child) && isDone(sibling), "all that were derived from it");
  check(child.err() === canceled && child.cause() === reason && named.cause() === reason, "why");
  check(!isDone(apart) && apart.value(user) == "ada", "but for what was taken out");
  check(isDone(withCancel(child)), "what is derived later has ended already");
  check(background().err() === null && background().deadline() == i64.MAX_VALUE, "the first never ends");
}

function aChildEndsAlone(): void {
  const root = withCancel(background());
  const child = withCancel(root);
  const other = withCancel(root);
  child.cancel();
  check(isDone(child) && !isDone(root) && !isDone(other), "only the child");
  check(child.cause() === canceled, "without a reason of its own");
  root.cancel();
  check(isDone(other), "then the other");
}

function timeEndsAContext(): void {
  const began = now();
  const ctx = withTimeout(background(), 20 * Millisecond);
  const child = withTimeout(ctx, 10 * Second);
  same(child.deadline(), ctx.deadline(), "the earlier deadline");
  child.done().recv();
  check(now() - began >= 20 * Millisecond, "not before its time");
  check(ctx.err() === deadlineExceeded && child.err() === deadlineExceeded, "why");
  check(isDone(withDeadline(background(), now() - 1)), "a deadline that has passed");
}

function valuesAreFoundByTheirKeys(): void {
  let ctx = withValue(background(), user, "ada");
  ctx = withValue(withCancel(ctx), depth, 1);
  ctx = withValue(ctx, depth, 2);
  same(`${ctx.value(user)} ${ctx.value(depth)}`, "ada 2", "the innermost");
  same(background().value(user), "nobody", "none");
  same(ctx.value(new Key<string>("other")), "other", "another key");
}

function callsFollowAContext(): void {
  const ctx = withCancel(background());
  const called = new Chan<i32>(3);
  afterFunc(ctx, () => called.send(1));
  const stopped = afterFunc(ctx, () => called.send(100));
  check(stopped.stop() && !stopped.stop(), "stopped once");
  ctx.cancel();
  same(called.recv(), 1, "the call");
  check(!afterFunc(ctx, () => called.send(2)).stop(), "too late to stop");
  same(called.recv(), 2, "at once");
  for (let i = 0; i < 10; i++) gosched();
  same(called.length, 0, "no more calls");
}

function manyEndAtOnce(): void {
  const root = withCancel(background());
  const wg = new WaitGroup();
  for (let i = 0; i < 50; i++) {
    wg.go(() => {
      const ctx = withTimeout(root, i % 2 ? 5 * Millisecond : 100 * Second);
      if (i % 10 == 0) ctx.cancel();
      ctx.done().recv();
      check(ctx.err() !== null, "it has ended");
    });
  }
  sleep(2 * Millisecond);
  root.cancel();
  wg.wait();
}

function theFirstErrorCounts(): void {
  const group = new Group();
  group.setLimit(3);
  const running = new Atomic<i32>();
  for (let i = 0; i < 20; i++) {
    group.go(() => {
      check(running.add(1) <= 3, "no more than the limit");
      if (i == 5) sleep(Millisecond);
      else gosched();
      running.add(-1);
      return i == 5 ? new Error("five") : null;
    });
  }
  check(
    new Group().tryGo(() => null),
    "there is room",
  );
  same(group.wait()!.message, "five", "the error");
  same(group.context.cause()!.message, "five", "the context's cause");
  const good = new Group(withCancel(background()));
  for (let i = 0; i < 5; i++) good.go(() => null);
  check(good.wait() === null && isDone(good.context), "none failed");
}

function oneMakesItForAll(): void {
  const flights = new Flights<string>();
  const calls = new Atomic<i32>();
  const wg = new WaitGroup();
  const gate = new Chan<bool>();
  for (let i = 0; i < 10; i++) {
    wg.go(() => {
      const made = flights.do("key", () => {
        calls.add(1);
        gate.recv();
        return "made";
      });
      same(made, "made", "what the call returned");
    });
  }
  sleep(20 * Millisecond);
  gate.close();
  wg.wait();
  check(calls.load() < 10, "not once for each");
  check(!flights.fly("key", () => "anew").shared, "then anew");
}

function messageOf(f: () => void): string {
  try {
    f();
  } catch (e) {
    return e.message;
  }
  return "none";
}

/** Whoever wants what a call panics over panics too, and is not left waiting. */
function panicsAreShared(): void {
  const flights = new Flights<i32>();
  const wg = new WaitGroup();
  const gate = new Chan<bool>();
  for (let i = 0; i < 3; i++) {
    wg.go(() => {
      const failing = (): i32 => {
        gate.recv();
        throw new Error("failed");
      };
      same(
        messageOf(() => {
          flights.do("key", failing);
        }),
        "failed",
        "of all who wait",
      );
    });
  }
  sleep(20 * Millisecond);
  gate.close();
  wg.wait();
  same(
    flights.do("key", () => 7),
    7,
    "then anew",
  );
  for (let i = 0; i < 2; i++) {
    go(() => {
      flights.do("end", () => {
        sleep(20 * Millisecond);
        goexit();
        return 1;
      });
      check(false, "goexit is everybody's");
    });
  }
  sleep(5 * Millisecond);
  while (numGoroutine() > 1) sleep(Millisecond);
  const value = onceValue<i32>(() => {
    throw new Error("never");
  });
  const func = onceFunc(() => {
    throw new Error("nothing");
  });
  for (let i = 0; i < 2; i++) {
    same(
      messageOf(() => {
        value();
      }) + messageOf(func),
      "nevernothing",
      "each time",
    );
  }
}

function onceIsOnce(): void {
  const calls = new Atomic<i32>();
  const value = onceValue<i32>(() => calls.add(1) * 100);
  const func = onceFunc(() => {
    calls.add(10);
  });
  const wg = new WaitGroup();
  for (let i = 0; i < 10; i++) {
    wg.go(() => {
      same(value(), 100, "the value");
      func();
    });
  }
  wg.wait();
  same(calls.load(), 11, "one call each");
}

function aMapIsShared(): void {
  const map = new SyncMap<string, i32>();
  const wg = new WaitGroup();
  for (let i = 0; i < 8; i++) {
    wg.go(() => {
      for (let k = 0; k < 200; k++) {
        map.update(`key${k % 10}`, 0, (n) => n + 1);
        map.load(`key${k % 7}`, 0);
      }
    });
  }
  wg.wait();
  let sum = 0;
  map.range((key, n) => {
    sum += n;
    return true;
  });
  same(sum, 1600, "the sum");
  same(map.size, 10, "keys");
  same(map.loadOrStore("new", 1) + map.loadOrStore("new", 2), 2, "the first stays");
  check(map.compareAndSwap("new", 1, 5) && !map.compareAndSwap("new", 1, 6) && map.load("new", 0) == 5, "swapped once");
  same(map.swap("new", 7, 0) + map.swap("other", 8, 1), 6, "the values of before");
  same(map.loadAndDelete("other", 0) + map.loadAndDelete("other", 1), 9, "taken out once");
  check(!map.compareAndDelete("new", 6) && map.compareAndDelete("new", 7), "deleted if it is so");
  try {
    map.update("new", 1, (n) => {
      throw new Error("no");
    });
  } catch {
    map.store("new", 2);
  }
  check(map.delete("new") && !map.delete("new") && !map.has("new"), "deleted once");
}

function aBarrierLetsAllThrough(): void {
  const barrier = new Barrier(4);
  const before = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let i = 0; i < 4; i++) {
    wg.go(() => {
      for (let round = 1; round <= 50; round++) {
        before.add(1);
        barrier.wait();
        check(before.load() >= 4 * round, "all have come");
        barrier.wait();
      }
    });
  }
  wg.wait();
}

function aContextEndsAWaitForASemaphore(): void {
  const weighted = new Weighted(10);
  check(
    weighted.acquire(background(), 8) === null && !weighted.tryAcquire(3) && weighted.tryAcquire(2),
    "what is there",
  );
  const short = withTimeout(background(), 5 * Millisecond);
  check(weighted.acquire(short, 5) === deadlineExceeded, "given up");
  check(weighted.acquire(withTimeout(background(), Millisecond), 11) === deadlineExceeded, "more than there is");
  const order = new Chan<i32>(2);
  go(() => {
    weighted.acquire(background(), 10);
    order.send(1);
    weighted.release(10);
  });
  sleep(5 * Millisecond);
  go(() => {
    weighted.acquire(background(), 1);
    order.send(2);
    weighted.release(1);
  });
  sleep(5 * Millisecond);
  weighted.release(8);
  sleep(2 * Millisecond);
  weighted.release(2);
  same(order.recv() * 10 + order.recv(), 12, "in their order");
}

function aLimiterHoldsBack(): void {
  const limiter = new Limiter(100, 5);
  let allowed = 0;
  for (let i = 0; i < 20; i++) if (limiter.allow()) allowed++;
  check(allowed >= 5 && allowed < 20, "the burst");
  const began = now();
  for (let i = 0; i < 3; i++) check(limiter.wait() === null, "a token");
  check(now() - began >= 15 * Millisecond, "ten milliseconds for each");
  const slow = new Limiter(0.001, 1);
  check(slow.wait() === null, "the first");
  check(slow.wait(withTimeout(background(), Second)) === deadlineExceeded, "at once, where it would be too late");
  const ctx = withCancel(background());
  ctx.cancel();
  check(slow.wait(ctx) === canceled, "ended before");
}

export function main(): void {
  aContextEndsWithItsParent();
  aChildEndsAlone();
  timeEndsAContext();
  valuesAreFoundByTheirKeys();
  callsFollowAContext();
  manyEndAtOnce();
  theFirstErrorCounts();
  oneMakesItForAll();
  panicsAreShared();
  onceIsOnce();
  aMapIsShared();
  aBarrierLetsAllThrough();
  aContextEndsAWaitForASemaphore();
  aLimiterHoldsBack();
  println("ok");
}
