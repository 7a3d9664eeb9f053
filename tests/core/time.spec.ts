import { ok } from "../../assembly/runtime/chan";
import { allp } from "../../assembly/runtime/structs";
import {
  after,
  checkTimers,
  Microsecond,
  now,
  Second,
  Ticker,
  Timer,
  timeSleepUntil,
} from "../../assembly/runtime/time";
import { timersFirst } from "../../assembly/runtime/timers";
import { reset } from "./support";

/** What the scheduler does before each turn, once `at` has come. */
function turnAt(at: i64): void {
  while (now() < at) {}
  checkTimers(allp(0), 0);
}

describe("a timer", () => {
  beforeEach(reset);

  it("sends the time once it is due, and not before", () => {
    const start = now();
    const t = new Timer(500 * Microsecond);
    expect(checkTimers(allp(0), start + 499 * Microsecond)).toBe(timersFirst(allp(0)));
    expect(t.chan.length).toBe(0);
    turnAt(start + 600 * Microsecond);
    expect(t.chan.length).toBe(1);
    const at = t.chan.recv();
    expect(at >= start + 500 * Microsecond && at <= now()).toBe(true);
    expect(timeSleepUntil()).toBe(0);
    expect(t.stop()).toBe(false);
  });

  it("does not fire when stopped", () => {
    const t = new Timer(100 * Microsecond);
    expect(t.stop()).toBe(true);
    expect(t.stop()).toBe(false);
    turnAt(now() + 200 * Microsecond);
    expect(t.chan.length).toBe(0);
    expect(timeSleepUntil()).toBe(0);
  });

  it("takes back what nobody has received when stopped or reset", () => {
    const t = new Timer(0);
    turnAt(now());
    expect(t.chan.length).toBe(1);
    expect(t.stop()).toBe(true);
    t.chan.tryRecv();
    expect(ok()).toBe(false);
    expect(t.reset(0)).toBe(false);
    turnAt(now());
    expect(t.reset(Second)).toBe(true);
    expect(t.chan.length).toBe(0);
    expect(t.reset(0)).toBe(true);
    turnAt(now());
    expect(t.chan.length).toBe(1);
  });

  it("may lie beyond the end of time, or before its beginning", () => {
    const t = new Timer(i64.MAX_VALUE);
    expect(timeSleepUntil()).toBe(i64.MAX_VALUE);
    expect(t.reset(i64.MIN_VALUE)).toBe(true);
    turnAt(now());
    expect(t.chan.length).toBe(1);
  });

  it("comes in the order of the times", () => {
    const late = after(300 * Microsecond);
    const soon = after(100 * Microsecond);
    expect(timeSleepUntil() > 0).toBe(true);
    turnAt(now() + 400 * Microsecond);
    expect(soon.length + late.length).toBe(2);
  });
});

describe("a ticker", () => {
  beforeEach(reset);

  it("drops the ticks that nobody took, and keeps its beat", () => {
    const start = now();
    const t = new Ticker(200 * Microsecond);
    turnAt(start + 250 * Microsecond);
    turnAt(start + 450 * Microsecond);
    turnAt(start + 1050 * Microsecond);
    expect(t.chan.length).toBe(1);
    const first = t.chan.recv();
    expect(first >= start + 200 * Microsecond).toBe(true);
    const next = timeSleepUntil();
    expect(next > now() - 50 * Microsecond).toBe(true);
    turnAt(next);
    expect(t.chan.recv() >= next).toBe(true);
    expect(t.stop()).toBe(true);
    expect(timeSleepUntil()).toBe(0);
  });

  it("ticks anew after a reset, without what was left", () => {
    const t = new Ticker(50 * Microsecond);
    turnAt(now() + 60 * Microsecond);
    expect(t.chan.length).toBe(1);
    const start = now();
    expect(t.reset(300 * Microsecond)).toBe(true);
    expect(t.chan.length).toBe(0);
    turnAt(start + 350 * Microsecond);
    expect(t.chan.recv() >= start + 300 * Microsecond).toBe(true);
    t.stop();
  });
});
