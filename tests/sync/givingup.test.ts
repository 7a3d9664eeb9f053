import assert from "node:assert/strict";
import { after as afterAll, before, beforeEach, describe, it } from "node:test";
import { start } from "../../host/index.js";
import type { WaitOptions } from "../../host/sync/index.js";
import { Rig } from "./rig.js";

let rt: Rig;
before(async () => {
  rt = await Rig.start();
});
afterAll(() => rt.close());
beforeEach(() => assert.equal(rt.held, 0, "an operation is left over"));

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** All that may wait, so that it does. */
const WAITS: Record<string, (rt: Rig, options?: WaitOptions) => Promise<unknown>> = {
  "to send": (rt, options) => rt.chan().send(1, options),
  "to receive": (rt, options) => rt.chan().recv(options),
  "in a select": (rt, options) => rt.select([], options),
  "for a mutex": async (rt, options) => {
    const mutex = rt.mutex();
    await mutex.lock();
    await mutex.lock(options);
  },
  "to write": async (rt, options) => {
    const rw = rt.rwmutex();
    await rw.lock();
    await rw.lock(options);
  },
  "for readers to leave": async (rt, options) => {
    const rw = rt.rwmutex();
    await rw.rlock();
    await rw.lock(options);
  },
  "to read": async (rt, options) => {
    const rw = rt.rwmutex();
    await rw.lock();
    await rw.rlock(options);
  },
  "for a waitGroup": async (rt, options) => {
    const wg = rt.waitGroup();
    wg.add(1);
    await wg.wait(options);
  },
  "for tickets": async (rt, options) => {
    const sem = rt.semaphore(1);
    await sem.acquire();
    await sem.acquire(1, options);
  },
  "for a cond": async (rt, options) => {
    const cond = rt.cond();
    await cond.mutex.lock();
    await cond.wait(options);
  },
};

for (const [what, wait] of Object.entries(WAITS)) {
  describe(`who waits ${what}`, () => {
    it("and gives up does not keep its thread", async () => {
      const controller = new AbortController();
      const waits = wait(rt, { signal: controller.signal });
      await turns();
      assert.equal(rt.held, 1);
      controller.abort(new Error("enough"));
      await assert.rejects(waits, /enough/);
      assert.equal(rt.held, 0);
    });
  });
}

describe("a rwmutex whose writer gives up", () => {
  it("lets the readers in that came after it", async () => {
    const rw = rt.rwmutex();
    await rw.rlock();
    const controller = new AbortController();
    const writer = rw.lock({ signal: controller.signal });
    const late = [rw.rlock(), rt.there(rw).rlock()];
    await turns();
    assert.equal(rw.tryRLock(), false);
    controller.abort(new Error("enough"));
    await assert.rejects(writer, /enough/);
    await Promise.all(late);
    assert.equal(rw.tryRLock(), true);
    assert.equal(rw.tryLock(), false);
    for (let i = 0; i < 4; i++) rw.runlock();
    assert.equal(rw.tryLock(), true);
    rw.unlock();
  });

  it("lets the next writer have its turn", async () => {
    const rw = rt.rwmutex();
    await rw.rlock();
    const controller = new AbortController();
    const writer = rw.lock({ signal: controller.signal });
    const next = rt.there(rw).lock();
    await turns();
    controller.abort(new Error("enough"));
    await assert.rejects(writer, /enough/);
    await turns();
    assert.equal(rw.tryRLock(), false, "the next writer keeps readers out");
    rw.runlock();
    (await next).unlock();
  });
});

describe("a rwmutex whose reader gives up", () => {
  it("has its writer wait for the others only", async () => {
    const rw = rt.rwmutex();
    await rw.lock();
    const controller = new AbortController();
    const gone = rw.rlock({ signal: controller.signal });
    const reader = rw.rlock();
    controller.abort(new Error("enough"));
    await assert.rejects(gone, /enough/);
    rw.unlock();
    await reader;
    const writer = rw.lock();
    await turns();
    rw.runlock();
    (await writer).unlock();
  });
});

describe("a lock that was about to be given to who gives up", () => {
  it("is given, as if that had come later", async () => {
    const mutex = rt.mutex();
    await mutex.lock();
    const controller = new AbortController();
    const waits = mutex.lock({ signal: controller.signal });
    mutex.unlock();
    controller.abort(new Error("too late"));
    (await waits).unlock();
    assert.equal(mutex.tryLock(), true);
    mutex.unlock();
  });
});

describe("a waitGroup", () => {
  it("may be used again after who waited for it gave up", async () => {
    const wg = rt.waitGroup();
    wg.add(1);
    const controller = new AbortController();
    const gone = wg.wait({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(gone, /enough/);
    wg.done();
    wg.add(1);
    const waits = wg.wait();
    wg.done();
    await waits;
  });
});

describe("a cond", () => {
  it("is waited for with the mutex held, also by who had no need to begin", async () => {
    const cond = rt.cond();
    await cond.mutex.lock();
    await assert.rejects(cond.wait({ signal: AbortSignal.abort(new Error("before")) }), /before/);
    assert.equal(cond.mutex.tryLock(), false);
    const controller = new AbortController();
    const waits = cond.wait({ signal: controller.signal });
    await turns();
    controller.abort(new Error("enough"));
    await assert.rejects(waits, /enough/);
    assert.equal(cond.mutex.tryLock(), false);
    cond.mutex.unlock();
  });

  it("gives the signal to the next of those who wait, whoever has given up before", async () => {
    const cond = rt.cond();
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const woken: number[] = [];
    const waits = controllers.map(async ({ signal }, i) => {
      await cond.mutex.lock();
      try {
        await cond.wait({ signal });
        woken.push(i);
      } finally {
        cond.mutex.unlock();
      }
    });
    for (let i = 0; i < waits.length; i++) await turns();
    for (const i of [0, 1, 3, 5]) controllers[i]!.abort(new Error("enough"));
    cond.signal();
    cond.signal();
    const ends = await Promise.allSettled(waits);
    assert.deepEqual(
      ends.map(({ status }) => status === "fulfilled"),
      [false, false, true, false, true, false],
    );
    assert.deepEqual(woken, [2, 4]);
  });
});

describe("a thread that dies", () => {
  it("leaves nothing behind in the queues that it waited in", async (t) => {
    const rt = await Rig.start();
    t.after(() => rt.close());
    // In the rig it sees that it gives up, so it has a signal for that.
    const { signal } = new AbortController();
    const cond = rt.cond();
    await rt.there(cond.mutex).lock();
    void rt
      .there(cond)
      .wait({ signal })
      .catch(() => undefined);
    await cond.mutex.lock();
    const signalled = cond.wait();
    const rw = rt.rwmutex();
    await rw.rlock();
    void rt
      .there(rw)
      .lock({ signal })
      .catch(() => undefined);
    const reader = rw.rlock();
    const mutex = rt.mutex();
    await mutex.lock();
    void rt
      .there(mutex)
      .lock({ signal })
      .catch(() => undefined);
    const next = mutex.lock();
    await turns();
    rt.core.threadLost(1, 0);
    cond.signal();
    await signalled;
    await reader;
    mutex.unlock();
    (await next).unlock();
  });
});

describe("a mutex that a busy thread has given up to wait for", () => {
  it("goes to who waits behind it at once", async () => {
    const rt = await start({ procs: 2 });
    // Deno takes half a second to start a thread, on this one.
    const holdMs = "deno" in process.versions ? 2500 : 150;
    try {
      const mutex = rt.mutex();
      const ready = rt.chan<number>(1);
      const first = rt.go(
        (mutex, ready, holdMs) => {
          mutex.lockSync();
          ready.trySend(1);
          const until = Date.now() + holdMs;
          while (Date.now() < until);
          mutex.unlock();
          return Date.now();
        },
        mutex,
        ready,
        holdMs,
      );
      await ready.recv();
      const controller = new AbortController();
      const mine = mutex.lock({ signal: controller.signal }).catch((error: unknown) => (error as Error).name);
      const second = rt.go((mutex) => {
        mutex.lockSync();
        const at = Date.now();
        mutex.unlock();
        return at;
      }, mutex);
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.abort();
      assert.equal(await mine, "AbortError");
      const until = Date.now() + holdMs + 1350;
      while (Date.now() < until);
      assert((await second) - (await first) < 1000);
    } finally {
      await rt.close();
    }
  });
});
