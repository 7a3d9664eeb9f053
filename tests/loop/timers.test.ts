import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TimerHeap, type Timed } from "../../host/loop/timers.js";
import { withLoop } from "./support.js";

describe("the loop's timers", () => {
  it("fire in the order of their times, never early", () =>
    withLoop(async (loop) => {
      const seen: number[] = [];
      const now = loop.time();
      for (const ms of [30, 10, 20, 0, -5]) {
        const due = now + ms;
        loop.callAt(due, () => {
          assert.ok(loop.time() >= due - 0.01, `${ms}: ${loop.time() - due} ms`);
          seen.push(ms);
        });
      }
      await loop.runUntilComplete(loop.sleep(40));
      assert.deepEqual(seen, [-5, 0, 10, 20, 30]);
    }));

  it("fire in the order set if they are due at one time", () =>
    withLoop(async (loop) => {
      const when = loop.time() + 5;
      const seen: number[] = [];
      for (let i = 0; i < 500; i++) loop.callAt(when, (n: number) => seen.push(n), i);
      await loop.runUntilComplete(loop.sleep(10));
      assert.deepEqual(
        seen,
        Array.from({ length: 500 }, (_, i) => i),
      );
    }));

  it("say when they fire", () =>
    withLoop((loop) => {
      assert.equal(loop.callAt(1e6, () => undefined).when, 1e6);
      const before = loop.time();
      const { when } = loop.callLater(50, () => undefined);
      assert.ok(when >= before + 50 && when <= loop.time() + 50);
    }));

  it("do not fire once they are cancelled", () =>
    withLoop(async (loop) => {
      const fired: number[] = [];
      const timers = Array.from({ length: 1000 }, (_, i) => loop.callLater(i % 7, () => fired.push(i)));
      timers.forEach((timer, i) => i % 5 !== 0 && timer.cancel());
      await loop.runUntilComplete(loop.sleep(15));
      assert.equal(fired.length, 200);
      assert.ok(fired.every((i) => i % 5 === 0));
    }));

  it("wake a loop that sleeps for longer", () =>
    withLoop(async (loop) => {
      loop.callLater(60_000, () => assert.fail("a minute has not passed"));
      const start = performance.now();
      setTimeout(() => loop.callLater(1, () => loop.stop()), 5);
      await loop.runForever();
      assert.ok(performance.now() - start < 10_000);
    }));

  it("may be set for ever", () =>
    withLoop(async (loop) => {
      loop.callLater(Infinity, () => assert.fail("called"));
      await loop.runUntilComplete(loop.sleep(2));
    }));

  it("fire in turns, between which callbacks are called", () =>
    withLoop(async (loop) => {
      let calls = 0;
      const chain = (): void => {
        calls++;
        loop.callSoon(chain);
      };
      chain();
      for (let i = 0; i < 1000 && calls <= 10; i++) await loop.runUntilComplete(loop.sleep(5));
      assert.ok(calls > 10);
    }));
});

interface Entry extends Timed {
  cancelled: boolean;
}

/** Numbers that look random but are the same each time (xorshift). */
function random(seed: number): () => number {
  return () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) / 2 ** 32;
  };
}

describe("the heap of timers", () => {
  for (const seed of [1, 2, 3]) {
    it(`gives what a sorted list would give, whatever is set and cancelled (${seed})`, () => {
      const next = random(seed);
      const heap = new TimerHeap<Entry>();
      let model: Entry[] = [];
      let sequence = 0;
      for (let i = 0; i < 20_000; i++) {
        const what = next();
        if (what < 0.5) {
          const entry = { when: Math.floor(next() * 50), sequence: ++sequence, cancelled: false, scheduled: false };
          heap.push(entry);
          model.push(entry);
        } else if (what < 0.8 && model.length > 0) {
          const entry = model[Math.floor(next() * model.length)] as Entry;
          entry.cancelled = true;
          heap.noteCancelled();
          model = model.filter((other) => other !== entry);
        } else {
          heap.dropCancelled();
          model.sort((a, b) => a.when - b.when || a.sequence - b.sequence);
          const first = model.shift();
          assert.equal(heap.first, first?.when ?? Infinity);
          if (first) assert.equal(heap.pop(), first);
        }
      }
    });
  }

  it("throws cancelled timers out at once if they are over 100 and more than half", () => {
    const heap = new TimerHeap<Entry>();
    const entries = Array.from({ length: 200 }, (_, i) => {
      const entry = { when: i, sequence: i, cancelled: false, scheduled: false };
      heap.push(entry);
      return entry;
    });
    const cancel = (entry: Entry | undefined): void => {
      assert.ok(entry);
      entry.cancelled = true;
      heap.noteCancelled();
    };
    for (const entry of entries.slice(100)) cancel(entry);
    heap.dropCancelled();
    assert.equal(heap.length, 200, "half is not more than half");
    cancel(entries[50]);
    heap.dropCancelled();
    assert.equal(heap.length, 99);
    assert.equal(entries[150]?.scheduled, false);
  });

  it("keeps cancelled timers that are few until they come to the top", () => {
    const heap = new TimerHeap<Entry>();
    const entries = [0, 1, 2].map((when) => ({ when, sequence: when, cancelled: false, scheduled: false }));
    for (const entry of entries) heap.push(entry);
    for (const entry of entries.slice(1)) {
      entry.cancelled = true;
      heap.noteCancelled();
    }
    heap.dropCancelled();
    assert.equal(heap.length, 3);
    heap.pop();
    heap.dropCancelled();
    assert.equal(heap.length, 0);
  });
});
