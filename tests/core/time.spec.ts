import { Chan, HChan, ok } from "../../assembly/runtime/chan/chan";
import { allp } from "../../assembly/abi";
import {
  after,
  checkTimers,
  Microsecond,
  now,
  Second,
  Ticker,
  Timer,
  timeSleepUntil,
} from "../../assembly/runtime/goroutine/time";
import { reset } from "./support";

/** Whether a timer has put something into its channel that nobody has received. */
function fired(chan: Chan<i64>): u32 {
  return changetype<HChan>(changetype<usize>(chan)).qcount;
}

/** What the scheduler does before each turn; the clock says `at`. */
function turn(at: i64): void {
  checkTimers(allp(0), at);
}

describe("a timer", () => {
  beforeEach(reset);

  it("is due so long after it was set, at the earliest", () => {
    const start = now();
    const t = new Timer(500 * Microsecond);
    const due = timeSleepUntil();
    expect(due >= start + 500 * Microsecond && due <= now() + 500 * Microsecond).toBe(true);
    expect(checkTimers(allp(0), due - 1)).toBe(due);
    expect(fired(t.chan)).toBe(0);
  });

  it("sends the time at which it fires, once", () => {
    const t = new Timer(500 * Microsecond);
    const late = timeSleepUntil() + 7;
    turn(late);
    expect(t.chan.recv()).toBe(late);
    expect(timeSleepUntil()).toBe(0);
    turn(late + Second);
    expect(fired(t.chan)).toBe(0);
    expect(t.stop()).toBe(false);
  });

  it("does not fire when stopped", () => {
    const t = new Timer(Second);
    expect(t.stop()).toBe(true);
    expect(t.stop()).toBe(false);
    expect(timeSleepUntil()).toBe(0);
    turn(now() + 2 * Second);
    expect(fired(t.chan)).toBe(0);
  });

  it("takes back what nobody has received when stopped or reset", () => {
    const t = new Timer(0);
    turn(now());
    expect(fired(t.chan)).toBe(1);
    expect(t.stop()).toBe(true);
    t.chan.tryRecv();
    expect(ok()).toBe(false);
    expect(t.reset(0)).toBe(false);
    turn(now());
    expect(t.reset(Second)).toBe(true);
    expect(fired(t.chan)).toBe(0);
    expect(t.reset(0)).toBe(true);
    turn(now());
    expect(fired(t.chan)).toBe(1);
  });

  it("may lie beyond the end of time, or before its beginning", () => {
    const t = new Timer(i64.MAX_VALUE);
    expect(timeSleepUntil()).toBe(i64.MAX_VALUE);
    expect(t.reset(i64.MIN_VALUE)).toBe(true);
    turn(now());
    expect(fired(t.chan)).toBe(1);
  });

  it("does not wait for those that are due later", () => {
    const late = after(2 * Second);
    const soon = after(Second);
    turn(timeSleepUntil());
    expect(fired(soon)).toBe(1);
    expect(fired(late)).toBe(0);
    turn(timeSleepUntil());
    expect(fired(late)).toBe(1);
  });
});

describe("a ticker", () => {
  beforeEach(reset);

  it("drops the ticks that nobody took, and keeps its beat", () => {
    const t = new Ticker(Second);
    const first = timeSleepUntil();
    turn(first);
    expect(timeSleepUntil()).toBe(first + Second);
    turn(first + 3 * Second + 5);
    expect(timeSleepUntil()).toBe(first + 4 * Second);
    expect(fired(t.chan)).toBe(1);
    expect(t.chan.recv()).toBe(first);
    turn(first + 4 * Second);
    expect(t.chan.recv()).toBe(first + 4 * Second);
    expect(t.stop()).toBe(true);
    expect(timeSleepUntil()).toBe(0);
  });

  it("ticks anew after a reset, without what was left", () => {
    const t = new Ticker(Microsecond);
    turn(timeSleepUntil());
    expect(fired(t.chan)).toBe(1);
    const start = now();
    expect(t.reset(Second)).toBe(true);
    expect(fired(t.chan)).toBe(0);
    const due = timeSleepUntil();
    expect(due >= start + Second).toBe(true);
    turn(due);
    expect(t.chan.recv()).toBe(due);
    expect(timeSleepUntil()).toBe(due + Second);
    expect(t.stop()).toBe(true);
  });
});
