import { Chan, HChan, ok, recvq } from "../../assembly/runtime/chan/chan";
import { Select } from "../../assembly/runtime/chan/select";
import { enqueue } from "../../assembly/runtime/chan/waitq";
import { fakeWaiter, reset, takeReady } from "./support";

/** Rounds of the tests of fairness, and the bounds on a share of a quarter: ten standard deviations. */
const ROUNDS = 40000;
const LOW = ROUNDS / 4 - 866;
const HIGH = ROUNDS / 4 + 866;

describe("a select", () => {
  beforeEach(reset);

  it("numbers its cases in the order they are added", () => {
    const s = new Select();
    expect(s.recv(new Chan<i32>())).toBe(0);
    expect(s.send(new Chan<f64>(), 5)).toBe(1);
    expect(s.recv<string>(null)).toBe(2);
    s.clear();
    expect(s.recv(new Chan<i32>())).toBe(0);
  });

  it("does one case that is ready, and leaves the others", () => {
    const a = new Chan<i32>(1);
    const b = new Chan<i32>(1);
    const s = new Select();
    s.recv(a);
    s.send(b, 9);
    expect(s.poll()).toBe(1);
    expect(b.recv()).toBe(9);
    b.send(0);
    expect(s.poll()).toBe(-1);
    a.send(3);
    expect(s.poll()).toBe(0);
    expect(s.value<i32>()).toBe(3);
    expect(ok()).toBe(true);
  });

  it("keeps its cases, with new values and channels on request", () => {
    const a = new Chan<i32>(3);
    const s = new Select();
    s.send(a, 1);
    s.poll();
    s.set(0, 2);
    s.poll();
    const b = new Chan<i32>(1);
    s.channel(0, b);
    s.poll();
    s.channel<i32>(0, null);
    expect(s.poll()).toBe(-1);
    expect(a.recv() * 100 + a.recv() * 10 + b.recv()).toBe(122);
  });

  it("receives from a closed channel", () => {
    const a = new Chan<string>(1);
    const s = new Select();
    s.recv(a);
    s.recv(new Chan<i32>());
    a.send("left");
    a.close();
    expect(s.poll()).toBe(0);
    expect(s.value<string>()).toBe("left");
    expect(s.poll()).toBe(0);
    expect(s.value<string>()).toBe("");
    expect(ok()).toBe(false);
  });

  it("leaves value and ok alone when nothing was ready", () => {
    const a = new Chan<i32>(1);
    const s = new Select();
    s.recv(a);
    a.send(6);
    s.poll();
    expect(s.poll()).toBe(-1);
    expect(s.value<i32>()).toBe(6);
    expect(ok()).toBe(true);
  });

  it("hands a value to a goroutine that waits", () => {
    const c = new Chan<i32>();
    const w = fakeWaiter(5);
    const s = new Select();
    s.recv(new Chan<i32>());
    s.send(c, 8);
    expect(s.poll()).toBe(-1);
    enqueue(recvq(changetype<HChan>(changetype<usize>(c))), w);
    expect(s.poll()).toBe(1);
    expect(takeReady()).toBe(5);
    expect(w.elem).toBe(8);
  });

  it("finds nothing where only a stale select waits, and clears it away", () => {
    const c = new Chan<i32>();
    const w = fakeWaiter(5);
    w.isSelect = true;
    w.g.selectDone = 1;
    enqueue(recvq(changetype<HChan>(changetype<usize>(c))), w);
    const s = new Select();
    s.send(c, 8);
    s.recv(new Chan<i32>());
    expect(s.poll()).toBe(-1);
    expect(takeReady()).toBe(0);
    expect(recvq(changetype<HChan>(changetype<usize>(c))).first == null).toBeTruthy();
  });

  it("chooses evenly among the ready", () => {
    const s = new Select();
    const n = new StaticArray<i32>(4);
    const chans = new Array<Chan<i32>>();
    for (let i = 0; i < 4; i++) {
      const c = new Chan<i32>(1);
      c.send(i);
      chans.push(c);
      s.recv(c);
      s.recv<i32>(null);
    }
    for (let r = 0; r < ROUNDS; r++) {
      const i = s.poll() / 2;
      n[i]++;
      chans[i].send(i);
    }
    for (let i = 0; i < 4; i++) {
      expect(n[i]).toBeGreaterThan(LOW);
      expect(n[i]).toBeLessThan(HIGH);
    }
  });

  it("takes a thousand cases", () => {
    const s = new Select();
    const chans = new Array<Chan<i32>>();
    for (let i = 0; i < 1000; i++) {
      chans.push(new Chan<i32>(1));
      s.recv(chans[(i * 7) % (i + 1)]);
    }
    for (let i = 0; i < 1000; i++) s.channel(i, chans[i]);
    expect(s.poll()).toBe(-1);
    chans[637].send(3);
    expect(s.poll()).toBe(637);
    expect(s.value<i32>()).toBe(3);
  });
});
