import assert from "node:assert/strict";
import process from "node:process";
import { after as afterAll, before, describe, it } from "node:test";
import { after, type Mutex, recv, type Runtime, type Semaphore, start } from "../../host/index.js";

let rt: Runtime;
before(async () => {
  rt = await start({ procs: 2 });
});
afterAll(() => rt.close());

/** Counts in a word that all threads share: not atomically, so a lock must guard it. */
type Shared = ReturnType<Runtime["bytes"]>;

describe("between threads", () => {
  it("values of all kinds go through a channel both ways", async () => {
    const there = rt.chan<unknown>();
    const back = rt.chan<unknown>();
    const echo = rt.go(
      async (there, back) => {
        for await (const value of there) await back.send(value);
        back.close();
      },
      there,
      back,
    );
    const values = [
      1,
      "short",
      "a longer text",
      { a: [1, { b: null }] },
      new Uint8Array(100_000).fill(3),
      5n,
      undefined,
    ];
    for (const value of values) {
      await there.send(value);
      assert.deepEqual((await back.recv()).value, value);
    }
    there.close();
    await echo;
    assert.equal((await back.recv()).ok, false);
  });

  it("many senders and receivers lose and double nothing", async () => {
    const ch = rt.chan<number>(7);
    const senders = Array.from({ length: 4 }, (_, i) =>
      rt.go(
        async (ch, from) => {
          for (let n = from; n < from + 2000; n++) if (!ch.trySend(n)) await ch.send(n);
        },
        ch,
        i * 2000,
      ),
    );
    const receivers = Array.from({ length: 3 }, () =>
      rt.go(async (ch) => {
        const got: number[] = [];
        for await (const n of ch) got.push(n);
        return got;
      }, ch),
    );
    const here = (async () => {
      const got: number[] = [];
      for await (const n of ch) got.push(n);
      return got;
    })();
    await Promise.all(senders);
    ch.close();
    const got = (await Promise.all([...receivers, here])).flat().sort((a, b) => a - b);
    assert.deepEqual(
      got,
      Array.from({ length: 8000 }, (_, i) => i),
    );
  });

  for (const capacity of [1, 2, 64]) {
    it(`values of each sender keep their order through a buffer of ${capacity}, however they are sent and received`, async () => {
      const ch = rt.chan<number>(capacity);
      const other = rt.chan<number>();
      const EACH = 3000;
      const send = (ch: typeof other, from: number, each: number): void => {
        for (let n = 0; n < each; n++) {
          if (n % 3 !== 0 || !ch.trySend(from + n)) ch.sendSync(from + n);
          if (ch.length > ch.capacity) throw new Error(`${ch.length} values in a buffer of ${ch.capacity}`);
        }
      };
      const receive = (ch: typeof other): number[] => {
        const got: number[] = [];
        for (;;) {
          const { value, ok } = ch.recvSync();
          if (!ok) return got;
          got.push(value);
        }
      };
      const receivers = [rt.go(receive, ch), rt.go(receive, ch)];
      const here = (async () => {
        const got: number[] = [];
        for (;;) {
          // A wait in the queue, one that is given up, and an attempt, in turn.
          const { value, ok, index } = await rt.select([recv(ch), recv(other), after(1)]);
          if (index === 0 && !ok) return got;
          if (index === 0) got.push(value);
          const more = ch.tryRecv();
          if (more.ok) got.push(more.value);
        }
      })();
      await Promise.all([0, 1, 2].map((i) => rt.go(send, ch, i * EACH, EACH)));
      ch.close();
      const all = await Promise.all([...receivers, here]);
      for (const got of all) {
        const latest = [-1, -1, -1];
        for (const n of got) {
          const sender = Math.floor(n / EACH);
          assert.ok(n > latest[sender]!, `${n} came after ${latest[sender]}`);
          latest[sender] = n;
        }
      }
      const sorted = all.flat().sort((a, b) => a - b);
      assert.deepEqual(
        sorted,
        Array.from({ length: 3 * EACH }, (_, i) => i),
      );
    });
  }

  it("a goroutine blocks in recvSync and sendSync while others run on its P", async () => {
    const to = rt.chan<number>();
    const from = rt.chan<number>();
    const blocked = Array.from({ length: 4 }, () =>
      rt.go(
        (to, from) => {
          for (;;) {
            const { value, ok } = to.recvSync();
            if (!ok) return;
            from.sendSync(value * 2);
          }
        },
        to,
        from,
      ),
    );
    assert.equal(await rt.go(() => 6 * 7), 42, "a fifth goroutine runs on two Ps");
    const results: number[] = [];
    for (let i = 0; i < 200; i++) {
      await to.send(i);
      results.push((await from.recv()).value!);
    }
    to.close();
    await Promise.all(blocked);
    assert.deepEqual(
      results.sort((a, b) => a - b),
      Array.from({ length: 200 }, (_, i) => i * 2),
    );
  });

  it("a goroutine that blocks in recvSync gets the end", async () => {
    const ch = rt.chan<number>();
    const blocked = rt.go((ch) => ch.recvSync(), ch);
    setTimeout(() => ch.close(), 50);
    assert.deepEqual(await blocked, { value: undefined, ok: false });
  });

  for (const blocks of [false, true]) {
    it(`a mutex guards what is not atomic${blocks ? ", with lockSync" : ""}`, async () => {
      const mutex = rt.mutex();
      const counter = rt.bytes(8);
      const add = async (mutex: Mutex, counter: Shared): Promise<void> => {
        for (let i = 0; i < 200; i++) {
          const guard = await mutex.lock();
          const n = counter.view[0]! + counter.view[1]! * 256;
          if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
          counter.view[0] = (n + 1) & 255;
          counter.view[1] = (n + 1) >> 8;
          guard.unlock();
        }
      };
      const addSync = (mutex: Mutex, counter: Shared): void => {
        for (let i = 0; i < 200; i++) {
          const guard = mutex.lockSync();
          const n = counter.view[0]! + counter.view[1]! * 256;
          counter.view[0] = (n + 1) & 255;
          counter.view[1] = (n + 1) >> 8;
          guard.unlock();
        }
      };
      const fn = blocks ? addSync : add;
      const goroutines = Array.from({ length: 6 }, () => rt.go(fn as typeof add, mutex, counter));
      await Promise.all([...goroutines, add(mutex, counter)]);
      assert.equal(counter.view[0]! + counter.view[1]! * 256, 1400);
    });
  }

  it("a semaphore admits so many", async () => {
    const sem = rt.semaphore(2);
    const inside = rt.bytes(2);
    const enter = async (sem: Semaphore, inside: Shared): Promise<number> => {
      const guard = await sem.acquire();
      const n = Atomics.add(inside.view, 0, 1) + 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
      Atomics.sub(inside.view, 0, 1);
      guard.unlock();
      return n;
    };
    const seen = await Promise.all(Array.from({ length: 12 }, () => rt.go(enter, sem, inside)));
    assert.ok(Math.max(...seen) <= 2);
    assert.equal(sem.free, 2);
  });

  it("a waitGroup waits for goroutines", async () => {
    const wg = rt.waitGroup();
    const done = rt.bytes(1);
    for (let i = 0; i < 10; i++) {
      wg.add();
      void rt.go(
        (wg, done) => {
          Atomics.add(done.view, 0, 1);
          wg.done();
        },
        wg,
        done,
      );
    }
    await wg.wait();
    assert.equal(done.view[0], 10);
  });

  it("a once is done by one of many", async () => {
    const once = rt.once();
    const count = rt.bytes(1);
    await Promise.all(
      Array.from({ length: 8 }, () =>
        rt.go(
          (once, count) =>
            once.do(async () => {
              await new Promise((resolve) => setTimeout(resolve, 5));
              Atomics.add(count.view, 0, 1);
            }),
          once,
          count,
        ),
      ),
    );
    assert.equal(count.view[0], 1);
  });

  it("a cond wakes a goroutine", async () => {
    const cond = rt.cond();
    const state = rt.bytes(1);
    const waiting = rt.go(
      async (cond, state) => {
        const guard = await cond.mutex.lock();
        while (state.view[0] === 0) await cond.wait();
        guard.unlock();
        return "seen";
      },
      cond,
      state,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    const guard = await cond.mutex.lock();
    state.view[0] = 1;
    guard.unlock();
    cond.broadcast();
    assert.equal(await waiting, "seen");
  });

  it("a context is cancelled for goroutines that await and for those that compute", async () => {
    const context = rt.context();
    const awaiting = rt.go(async (context) => {
      const { signal } = context;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return (signal.reason as Error).message;
    }, context);
    const computing = rt.go((context) => {
      let turns = 0;
      while (!context.cancelled) turns++;
      return turns;
    }, context);
    await new Promise((resolve) => setTimeout(resolve, 30));
    context.cancel(new Error("that will do"));
    assert.equal(await awaiting, "that will do");
    assert.ok((await computing) > 0);
  });

  it("a pool runs goroutines from several threads, so many at a time", async () => {
    const pool = rt.pool(2);
    const results = await Promise.all(Array.from({ length: 6 }, (_, i) => pool.submit((n: number) => n * n, i)));
    assert.deepEqual(results, [0, 1, 4, 9, 16, 25]);
    await pool.wait();
  });

  it("a select is served by a goroutine", async () => {
    const ch = rt.chan<number>(1);
    const selected = rt.select([recv(ch), after(10_000)]);
    await rt.go((ch) => ch.sendSync(3), ch);
    assert.deepEqual(await selected, { index: 0, value: 3, ok: true });
  });

  it("a thread that dies releases its locks as abandoned and lets go of what it waited for", async () => {
    const rt = await start({ procs: 2 });
    try {
      const mutex = rt.mutex();
      const ch = rt.chan<number>();
      const dying = rt.go(
        async (mutex, ch) => {
          await mutex.lock();
          void ch.recv();
          await ch.send(-1);
          process.exit(1);
        },
        mutex,
        ch,
      );
      void dying.catch(() => undefined);
      // Its own receive took its own value; now it dies, and the lock is free for us.
      await assert.rejects(dying);
      await assert.rejects(mutex.lock(), { name: "AbandonedError" });
      mutex.unlock();
      const sent = ch.send(8);
      assert.deepEqual(await ch.recv(), { value: 8, ok: true });
      await sent;
    } finally {
      await rt.close();
    }
  });

  it("a closed runtime leaves nobody waiting in a goroutine", async () => {
    const rt = await start({ procs: 1 });
    const ch = rt.chan<number>();
    const blocked = rt.go((ch) => ch.recvSync(), ch);
    const awaiting = rt.go((ch) => ch.recv(), ch);
    void blocked.catch(() => undefined);
    void awaiting.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rt.close({ deadline: 0 });
    await assert.rejects(blocked);
    await assert.rejects(awaiting);
  });
});
