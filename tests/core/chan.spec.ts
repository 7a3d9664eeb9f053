import { Chan, HChan, ok, recvq, sendq } from "../../assembly/runtime/chan/chan";
import { g } from "../../assembly/runtime/base/registers";
import { enqueue } from "../../assembly/runtime/chan/waitq";
import { fakeWaiter, reset, takeReady } from "./support";

class Point {
  constructor(
    public x: i32,
    public y: i32,
  ) {}
}

function core<T>(c: Chan<T>): HChan {
  return changetype<HChan>(changetype<usize>(c));
}

describe("the ring of a channel", () => {
  beforeEach(reset);

  it("keeps the order over many rounds and all fill levels", () => {
    const c = new Chan<i32>(5);
    let next = 0;
    let want = 0;
    for (let round = 0; round < 200; round++) {
      const n = round % 6;
      for (let i = 0; i < n; i++) c.send(next++);
      expect(c.length).toBe(n);
      for (let i = 0; i < n; i++) {
        expect(c.recv()).toBe(want++);
        expect(ok()).toBe(true);
      }
    }
  });

  it("refuses when full, and is empty when drained", () => {
    const c = new Chan<u8>(2);
    expect(c.capacity).toBe(2);
    expect(c.trySend(250)).toBe(true);
    expect(c.trySend(251)).toBe(true);
    expect(c.trySend(252)).toBe(false);
    expect(c.tryRecv()).toBe(250);
    expect(c.tryRecv()).toBe(251);
    expect(c.tryRecv()).toBe(0);
    expect(ok()).toBe(false);
  });

  it("leaves nothing behind in the slots it has emptied", () => {
    const c = new Chan<Point>(3);
    for (let i = 0; i < 3; i++) c.send(new Point(i, i));
    for (let i = 0; i < 3; i++) expect(c.recv().x).toBe(i);
    const slots = changetype<usize>(c) + offsetof<HChan>();
    for (let i = 0; i < 3; i++) expect(load<u64>(slots + (i << 3))).toBe(0);
  });

  it("is drained after the channel is closed, then gives zero values", () => {
    const c = new Chan<string>(2);
    c.send("left");
    c.close();
    expect(c.recv()).toBe("left");
    expect(ok()).toBe(true);
    expect(c.recv()).toBe("");
    expect(ok()).toBe(false);
    expect(c.tryRecv()).toBe("");
  });

  it("carries every type", () => {
    const f = new Chan<f32>(1);
    f.send(-1.25);
    expect(f.recv()).toBe(-1.25);
    const d = new Chan<f64>(1);
    d.send(1e300);
    expect(d.recv()).toBe(1e300);
    const b = new Chan<bool>(1);
    b.send(true);
    expect(b.recv()).toBe(true);
    const i = new Chan<i8>(1);
    i.send(-128);
    expect(i.recv()).toBe(-128);
    const u = new Chan<u64>(1);
    u.send(u64.MAX_VALUE);
    expect(u.recv()).toBe(u64.MAX_VALUE);
    const s = new Chan<i64>(1);
    s.send(i64.MIN_VALUE);
    expect(s.recv()).toBe(i64.MIN_VALUE);
    const n = new Chan<string | null>(1);
    n.send(null);
    expect(n.recv() === null).toBeTruthy();
    expect(ok()).toBe(true);
    const c = new Chan<Chan<i32>>(1);
    c.send(new Chan<i32>(7));
    expect(c.recv().capacity).toBe(7);
    const fn = new Chan<(x: i32) => i32>(1);
    fn.send((x: i32) => x * 2);
    expect(fn.recv()(21)).toBe(42);
  });
});

describe("a channel with goroutines waiting", () => {
  beforeEach(reset);

  it("hands a value to the first receiver, not to its ring", () => {
    const c = new Chan<i32>(1);
    const first = fakeWaiter(2);
    const second = fakeWaiter(3);
    enqueue(recvq(core(c)), first);
    enqueue(recvq(core(c)), second);
    c.send(42);
    expect(takeReady()).toBe(2);
    expect(first.elem).toBe(42);
    expect(first.success).toBe(true);
    expect(c.length).toBe(0);
    expect(c.trySend(43)).toBe(true);
    expect(takeReady()).toBe(3);
    expect(second.elem).toBe(43);
  });

  it("takes the oldest value and lets the first sender put its own at the end", () => {
    const c = new Chan<i32>(2);
    c.send(1);
    c.send(2);
    enqueue(sendq(core(c)), fakeWaiter(2, 3));
    enqueue(sendq(core(c)), fakeWaiter(3, 4));
    for (let i = 1; i <= 4; i++) expect(c.recv()).toBe(i);
    expect(takeReady()).toBe(2);
    expect(takeReady()).toBe(3);
  });

  it("without a ring takes the value from the first sender", () => {
    const c = new Chan<i32>();
    expect(c.trySend(1)).toBe(false);
    enqueue(sendq(core(c)), fakeWaiter(2, 7));
    expect(c.tryRecv()).toBe(7);
    expect(ok()).toBe(true);
    expect(takeReady()).toBe(2);
  });

  it("passes over selects that have been woken through another case", () => {
    const c = new Chan<i32>();
    const stale = fakeWaiter(2);
    stale.isSelect = true;
    stale.g.selectDone = 1;
    const live = fakeWaiter(3);
    live.isSelect = true;
    enqueue(recvq(core(c)), stale);
    enqueue(recvq(core(c)), live);
    expect(c.trySend(5)).toBe(true);
    expect(takeReady()).toBe(3);
    expect(takeReady()).toBe(0);
    expect(live.elem).toBe(5);
    expect(live.g.selectDone).toBe(1);
    expect(live.g.param).toBe(changetype<usize>(live));
  });

  it("wakes all of them when closed, receivers with nothing", () => {
    const c = new Chan<i32>();
    for (let i = 2; i < 6; i++) enqueue(recvq(core(c)), fakeWaiter(i, 99));
    c.close();
    let sum: i64 = 0;
    for (let id = takeReady(); id != 0; id = takeReady()) sum += id;
    expect(sum).toBe(14);
    expect(recvq(core(c)).first == null).toBeTruthy();
  });
});

describe("the comma-ok", () => {
  beforeEach(reset);

  it("is that of the latest receive, whatever was sent since", () => {
    const c = new Chan<i32>(2);
    c.tryRecv();
    c.send(1);
    expect(ok()).toBe(false);
    c.recv();
    c.trySend(2);
    expect(ok()).toBe(true);
  });

  it("belongs to the goroutine", () => {
    const c = new Chan<i32>(1);
    c.send(1);
    c.recv();
    expect(g.ok).toBe(true);
    reset();
    expect(ok()).toBe(false);
  });
});

describe("a channel that is null", () => {
  beforeEach(reset);

  it("is never ready", () => {
    const c = changetype<Chan<i32>>(0);
    expect(c.trySend(1)).toBe(false);
    expect(c.tryRecv()).toBe(0);
    expect(ok()).toBe(false);
    expect(c.length).toBe(0);
    expect(c.capacity).toBe(0);
  });
});
