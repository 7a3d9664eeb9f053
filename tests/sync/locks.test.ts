import assert from "node:assert/strict";
import { after as afterAll, before, beforeEach, describe, it } from "node:test";
import { type Context, type Mutex } from "../../host/sync/index.js";
import { Rig } from "./rig.js";

let rt: Rig;
before(async () => {
  rt = await Rig.start();
});
afterAll(() => rt.close());
beforeEach(() => assert.equal(rt.held, 0, "an operation is left over"));

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) !== pending;
}

describe("a mutex", () => {
  it("is held by one at a time, first come, first served", async () => {
    const mutex = rt.mutex();
    const order: number[] = [];
    let inside = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const guard = await (i % 2 === 0 ? mutex : rt.there(mutex)).lock();
        assert.equal(++inside, 1);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        order.push(i);
        guard.unlock();
      }),
    );
    assert.equal(order.length, 20);
  });

  it("is released by its guard, once", async () => {
    const mutex = rt.mutex();
    const guard = await mutex.lock();
    assert.equal(mutex.tryLock(), false);
    guard[Symbol.dispose]();
    guard.unlock();
    assert.equal(mutex.tryLock(), true);
    mutex.unlock();
  });

  it("that is not locked cannot be unlocked", () => {
    assert.throws(() => rt.mutex().unlock(), { name: "SkeinError", message: "sync: unlock of unlocked mutex" });
  });

  it("may be unlocked by another thread", async () => {
    const mutex = rt.mutex();
    await mutex.lock();
    rt.there(mutex).unlock();
    assert.equal(mutex.tryLock(), true);
    mutex.unlock();
  });

  it("passes over who does not want it any more", async () => {
    const mutex = rt.mutex();
    await mutex.lock();
    const controller = new AbortController();
    const first = mutex.lock({ signal: controller.signal });
    const second = mutex.lock();
    controller.abort(new Error("too long"));
    await assert.rejects(first, /too long/);
    mutex.unlock();
    (await second).unlock();
    assert.equal(mutex.tryLock(), true);
    mutex.unlock();
    await assert.rejects(mutex.lock({ signal: controller.signal }), /too long/);
  });

  it("that a thread holds which dies goes to the next with an AbandonedError", async (t) => {
    const rt = await Rig.start();
    t.after(() => rt.close());
    const mutex = rt.mutex();
    await mutex.lock();
    const there = rt.there(mutex);
    mutex.unlock();
    await there.lock();
    const next = mutex.lock();
    const last = mutex.lock();
    rt.core.threadLost(1, 0);
    const error = await next.then(
      () => assert.fail("the lock was not abandoned"),
      (error: unknown) => error as { name: string; guard: Disposable },
    );
    assert.equal(error.name, "AbandonedError");
    assert.equal(mutex.tryLock(), false, "it is held all the same");
    error.guard[Symbol.dispose]();
    (await last).unlock();
  });
});

describe("a rwmutex", () => {
  it("has many readers or one writer", async () => {
    const rw = rt.rwmutex();
    const readers = [await rw.rlock(), await rt.there(rw).rlock()];
    const writer = rw.lock();
    assert.equal(await settled(writer), false);
    assert.equal(rw.tryRLock(), false, "a writer that waits keeps readers out");
    const late = rw.rlock();
    for (const reader of readers) reader.unlock();
    const guard = await writer;
    assert.equal(await settled(late), false);
    assert.equal(rw.tryLock(), false);
    guard.unlock();
    (await late).unlock();
    assert.equal(rw.tryLock(), true);
    rw.unlock();
    assert.equal(rw.tryRLock(), true);
    rw.runlock();
  });

  it("that nobody holds cannot be released", async () => {
    const rw = rt.rwmutex();
    assert.throws(() => rw.unlock(), { message: "sync: Unlock of unlocked RWMutex" });
    assert.throws(() => rw.runlock(), { message: "sync: RUnlock of unlocked RWMutex" });
    (await rw.lock()).unlock();
  });

  it("is released by readers whose thread dies", async (t) => {
    const rt = await Rig.start();
    t.after(() => rt.close());
    const rw = rt.rwmutex();
    const there = rt.there(rw);
    await there.rlock();
    await there.rlock();
    const writer = rw.lock();
    assert.equal(await settled(writer), false);
    rt.core.threadLost(1, 0);
    (await writer).unlock();
  });

  it("that a writer holds whose thread dies goes to a reader with an AbandonedError", async (t) => {
    const rt = await Rig.start();
    t.after(() => rt.close());
    const rw = rt.rwmutex();
    await rt.there(rw).lock();
    const reader = rw.rlock();
    rt.core.threadLost(1, 0);
    await assert.rejects(reader, { name: "AbandonedError" });
    rw.runlock();
    (await rw.lock()).unlock();
  });
});

describe("a waitGroup", () => {
  it("lets those go on that wait when it is zero", async () => {
    const wg = rt.waitGroup();
    await wg.wait();
    wg.add(2);
    const waits = [wg.wait(), rt.there(wg).wait()];
    wg.done();
    assert.equal(await settled(waits[0]!), false);
    rt.there(wg).done();
    await Promise.all(waits);
  });

  it("cannot be negative", () => {
    const wg = rt.waitGroup();
    assert.throws(() => wg.done(), { message: "sync: negative WaitGroup counter" });
    assert.throws(() => wg.add(-5), { message: "sync: negative WaitGroup counter" });
    wg.add(2); // it is what it was
    wg.done();
    wg.done();
    assert.throws(() => wg.add(1.5), RangeError);
  });

  it("may be waited for until a signal", async () => {
    const wg = rt.waitGroup();
    wg.add();
    await assert.rejects(wg.wait({ signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
    wg.done();
    await settled(Promise.resolve());
  });
});

describe("a semaphore", () => {
  it("has so many tickets, and serves in order", async () => {
    const sem = rt.semaphore(3);
    assert.equal(sem.size, 3);
    const guard = await sem.acquire(2);
    assert.equal(sem.free, 1);
    const big = rt.there(sem).acquire(3);
    const small = sem.acquire();
    assert.equal(await settled(small), false, "who wants many is not passed by who wants few");
    assert.equal(sem.tryAcquire(), false);
    guard.unlock();
    (await big).unlock();
    (await small).unlock();
    assert.equal(sem.free, 3);
  });

  it("lets those on who stood behind one that gave up", async () => {
    const sem = rt.semaphore(2);
    await sem.acquire(1);
    const controller = new AbortController();
    const big = sem.acquire(2, { signal: controller.signal });
    const small = sem.acquire(1);
    controller.abort();
    await assert.rejects(big, { name: "AbortError" });
    await small;
    sem.release(2);
    assert.equal(sem.free, 2);
  });

  it("refuses more than there are", async () => {
    const sem = rt.semaphore(2);
    await assert.rejects(sem.acquire(3), RangeError);
    assert.throws(() => sem.tryAcquire(-1), RangeError);
    assert.throws(() => sem.release(), { message: "semaphore: released more than was acquired" });
    assert.throws(() => rt.semaphore(-1), RangeError);
  });
});

describe("a once", () => {
  it("calls the function once, and all wait for that", async () => {
    const once = rt.once();
    let calls = 0;
    let over = false;
    const slow = async (): Promise<void> => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 10));
      over = true;
    };
    await Promise.all(
      [once.do(slow), rt.there(once).do(slow), once.do(slow)].map((p) => p.then(() => assert.ok(over))),
    );
    assert.equal(calls, 1);
    assert.equal(rt.there(once).done, true);
    await once.do(() => assert.fail());
  });

  it("is done also if the function throws", async () => {
    const once = rt.once();
    await assert.rejects(
      once.do(() => {
        throw new Error("bad");
      }),
      /bad/,
    );
    assert.equal(once.done, true);
  });
});

describe("a cond", () => {
  it("wakes one, or all, with the mutex held", async () => {
    const mutex = rt.mutex();
    const cond = rt.cond(mutex);
    const woken: number[] = [];
    const wait = async (i: number, c = cond): Promise<void> => {
      using guard = await lock(c.mutex);
      void guard;
      await c.wait();
      woken.push(i);
      assert.equal(c.mutex.tryLock(), false);
    };
    const waits = [wait(0), wait(1), wait(2, rt.there(cond))];
    await settled(Promise.all(waits));
    cond.signal();
    await waits[0];
    assert.deepEqual(woken, [0]);
    rt.there(cond).broadcast();
    await Promise.all(waits);
    assert.deepEqual(woken.sort(), [0, 1, 2]);
  });

  it("needs its mutex held to wait", async () => {
    await assert.rejects(rt.cond().wait(), /unlock of unlocked mutex/);
    assert.throws(() => rt.cond(rt.waitGroup() as unknown as Mutex), TypeError);
  });

  it("passes a signal on that comes to who has given up", async () => {
    const cond = rt.cond();
    const controller = new AbortController();
    const first = (async () => {
      await cond.mutex.lock();
      try {
        await cond.wait({ signal: controller.signal });
      } finally {
        cond.mutex.unlock();
      }
    })();
    const second = (async () => {
      await cond.mutex.lock();
      await cond.wait();
      cond.mutex.unlock();
    })();
    await settled(second);
    controller.abort(new Error("no more"));
    await assert.rejects(first, /no more/);
    cond.signal();
    await second;
  });
});

/** `lock` for `using`. */
async function lock(mutex: Mutex): Promise<Disposable> {
  return mutex.lock();
}

describe("a pool", () => {
  it("runs so many at a time and gives results and errors", async () => {
    const pool = rt.pool(2);
    let running = 0;
    let most = 0;
    const work = async (n: number): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      if (n === 3) throw new RangeError("three");
      return n * 2;
    };
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => pool.submit(work, n)));
    assert.equal(most, 2);
    assert.deepEqual(
      results.map((r) => (r.status === "fulfilled" ? r.value : (r.reason as Error).message)),
      [2, 4, "three", 8, 10],
    );
    await pool.wait();
    assert.equal(pool.free, 2);
    pool.release();
    await assert.rejects(pool.submit(work, 1), /submit after release/);
  });
});

describe("a context", () => {
  it("is cancelled with all that was made from it, on all threads", async () => {
    const root = rt.context();
    const child = root.withCancel();
    const far = rt.there(child.withValue("user", { id: 7 }));
    const { signal } = far;
    assert.equal(far.cancelled, false);
    assert.equal(far.reason, undefined);
    root.cancel(Object.assign(new RangeError("enough"), { code: 5 }));
    assert.equal(far.cancelled, true, "at once, without a turn of the event loop");
    assert.match(String(far.reason), /^RangeError/);
    assert.equal((child.reason as { code: number }).code, 5);
    assert.throws(() => far.throwIfCancelled(), /enough/);
    await settled(Promise.resolve());
    assert.equal(signal.aborted, true);
    assert.equal((signal.reason as Error).name, "RangeError");
    assert.deepEqual(far.value("user"), { id: 7 });
  });

  it("leaves its parent alone", () => {
    const root = rt.context();
    const child = root.withCancel();
    child.cancel();
    assert.equal(child.cancelled, true);
    assert.equal((child.reason as Error).name, "AbortError");
    assert.equal(root.cancelled, false);
  });

  it("is cancelled only once", () => {
    const context = rt.context();
    context.cancel(new Error("first"));
    context.cancel(new Error("second"));
    assert.equal((context.reason as Error).message, "first");
    assert.equal((context.withCancel().reason as Error).message, "first", "what is made from it is so from the start");
  });

  it("ends at its deadline, which is never later than its parent's", async () => {
    const context = rt.context().withTimeout(20);
    const child = rt.there(context).withTimeout(60_000);
    assert.equal(child.deadline?.getTime(), context.deadline?.getTime());
    const at = Date.now() + 60_000;
    const given = rt.context().withDeadline(at);
    assert.deepEqual([given.deadline, given.withCancel().deadline], [new Date(at), new Date(at)]);
    await assert.rejects(
      new Promise((_, reject) => {
        const late = setTimeout(() => reject(new Error("it has not ended")), 30_000);
        child.signal.addEventListener("abort", () => {
          clearTimeout(late);
          reject(child.signal.reason as Error);
        });
      }),
      { name: "TimeoutError" },
    );
    assert.throws(() => rt.context().withTimeout(-1), RangeError);
  });

  it("knows that its deadline has passed though no timer could run", () => {
    const context = rt.context().withTimeout(5);
    const until = performance.now() + 10;
    while (performance.now() < until);
    assert.equal(context.cancelled, true);
  });

  it("finds values above, the nearest first, and copies them", () => {
    const context: Context = rt.context().withValue("a", [1]).withValue("b", 2).withValue("a", [3]);
    const there = rt.there(context.withCancel());
    assert.deepEqual(there.value("a"), [3]);
    assert.deepEqual(there.value("a"), [3]);
    assert.equal(there.value("b"), 2);
    assert.equal(there.value("c"), undefined);
    assert.throws(() => context.withValue("f", () => 1), { name: "DataCloneError" });
  });

  it("describes a reason that cannot be cloned", () => {
    const context = rt.context();
    context.cancel(() => 1);
    assert.match(String(context.reason), /could not be cloned/);
  });
});

describe("bytes", () => {
  it("are the same everywhere", () => {
    const bytes = rt.bytes(new Uint8Array([1, 2, 3]));
    const there = rt.there({ bytes }).bytes;
    there.view[0] = 9;
    assert.deepEqual(bytes.copy(), new Uint8Array([9, 2, 3]));
    assert.deepEqual(rt.bytes(4).copy(), new Uint8Array(4));
    assert.throws(() => rt.bytes(-1), RangeError);
  });
});
