import {
  heapFirst,
  heapPush,
  heapRemove,
  moveTimers,
  RuntimeTimer,
  timerRemove,
  timersFirst,
} from "../../assembly/runtime/goroutine/timers";
import { P } from "../../assembly/abi";
import { fakeP, reset } from "./support";

const CAPACITY = 4096;

let state: u32 = 1;
function random(n: u32): u32 {
  state = state * 1664525 + 1013904223;
  return (state >> 8) % n;
}

function timer(when: i64): RuntimeTimer {
  const t = new RuntimeTimer();
  t.when = when;
  return t;
}

/** The invariants given at the top of timers.ts. */
function checkHeap(pp: P): bool {
  const n = pp.timersLength;
  for (let i = 0; i < n; i++) {
    const at = pp.timers + ((<usize>i) << 4);
    const when = load<i64>(at);
    const t = changetype<RuntimeTimer>(load<usize>(at, 8));
    if (t.index != i || t.pp != changetype<usize>(pp) || t.when != when) return false;
    if (i > 0 && load<i64>(pp.timers + ((<usize>((i - 1) >> 2)) << 4)) > when) return false;
  }
  return timersFirst(pp) == (n == 0 ? 0 : load<i64>(pp.timers));
}

describe("a heap of timers", () => {
  beforeEach(reset);

  it("gives them in the order they are due", () => {
    const pp = fakeP(0, CAPACITY);
    for (let i = 0; i < 1000; i++) heapPush(pp, timer(1 + random(500)));
    expect(checkHeap(pp)).toBe(true);
    let last: i64 = 0;
    for (let i = 0; i < 1000; i++) {
      const t = heapFirst(pp);
      expect(t.when >= last).toBe(true);
      last = t.when;
      heapRemove(pp, t);
    }
    expect(pp.timersLength).toBe(0);
    expect(timersFirst(pp)).toBe(0);
  });

  it("says when a timer becomes the first", () => {
    const pp = fakeP(0, CAPACITY);
    expect(heapPush(pp, timer(50))).toBe(true);
    expect(heapPush(pp, timer(60))).toBe(false);
    expect(heapPush(pp, timer(50))).toBe(false);
    expect(heapPush(pp, timer(40))).toBe(true);
    expect(timersFirst(pp)).toBe(40);
  });

  it("stays in order while any of them leave", () => {
    const pp = fakeP(0, CAPACITY);
    const live = new Array<RuntimeTimer>();
    let good = true;
    for (let i = 0; i < 5000; i++) {
      if (live.length == 0 || random(5) < 3) {
        const t = timer(1 + random(1000));
        live.push(t);
        heapPush(pp, t);
      } else {
        const k = random(live.length);
        const t = live[k];
        live[k] = live[live.length - 1];
        live.pop();
        heapRemove(pp, t);
        if (t.pp != 0) good = false;
      }
      if (!checkHeap(pp)) good = false;
    }
    expect(good).toBe(true);
    expect(pp.timersLength).toBe(live.length);
  });
});

describe("a timer", () => {
  beforeEach(reset);

  it("leaves the heap that it is in, and none when it is in none", () => {
    const pp = fakeP(0, CAPACITY);
    const t = timer(5);
    timerRemove(t);
    heapPush(pp, t);
    timerRemove(t);
    expect(pp.timersLength).toBe(0);
    expect(t.pp).toBe(0);
    timerRemove(t);
  });

  it("moves with all others of its P", () => {
    const from = fakeP(3, CAPACITY);
    const to = fakeP(1, CAPACITY);
    for (let i = 0; i < 100; i++) heapPush(i & 1 ? from : to, timer(1 + random(100)));
    const t = timer(1000);
    heapPush(from, t);
    moveTimers(from, to);
    expect(from.timersLength).toBe(0);
    expect(timersFirst(from)).toBe(0);
    expect(to.timersLength).toBe(101);
    expect(checkHeap(to)).toBe(true);
    timerRemove(t);
    expect(to.timersLength).toBe(100);
    expect(checkHeap(to)).toBe(true);
  });
});
