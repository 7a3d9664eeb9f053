import { globrunqget, globrunqput, globrunqputBatch, globrunqsize } from "../../assembly/runtime/sched/globrunq";
import { runnextget, runqempty, runqget, runqput, runqsteal } from "../../assembly/runtime/goroutine/runq";
import { G, P, RUNQ_LENGTH, sched } from "../../assembly/abi";
import { fakeG, fakeP, reset, takeReady } from "./support";

/** A P whose ring's indices begin just before they wrap around. */
function newP(start: u32 = u32.MAX_VALUE - 100): P {
  const pp = fakeP(0, 0);
  pp.runqhead = start;
  pp.runqtail = start;
  return pp;
}

/** Puts goroutines `from` to `to`, both included. */
function fill(pp: P, from: i32, to: i32): void {
  for (let i = from; i <= to; i++) runqput(pp, fakeG(i), false);
}

/** Takes the ring's goroutines; true if they are `from` to `to` in this order, and no others. */
function holds(pp: P, from: i32, to: i32): bool {
  for (let i = from; i <= to; i++) {
    const gp = runqget(pp);
    if (!gp || gp.id != i) return false;
  }
  return !runqget(pp);
}

describe("a run queue", () => {
  beforeEach(reset);

  it("gives goroutines in the order they were put, also where its indices wrap around", () => {
    const pp = newP(u32.MAX_VALUE);
    for (let round = 0; round < 3; round++) {
      fill(pp, 1, RUNQ_LENGTH);
      expect(holds(pp, 1, RUNQ_LENGTH)).toBe(true);
    }
    expect(globrunqsize()).toBe(0);
  });

  it("is empty until something is in its ring or in runnext", () => {
    const pp = newP();
    expect(runqempty(pp)).toBe(true);
    runqput(pp, fakeG(1), false);
    expect(runqempty(pp)).toBe(false);
    runqget(pp);
    expect(runqempty(pp)).toBe(true);
    runqput(pp, fakeG(2), true);
    expect(runqempty(pp)).toBe(false);
    runnextget(pp);
    expect(runqempty(pp)).toBe(true);
  });

  it("keeps the goroutine that is next apart, and moves the one it displaces to the end", () => {
    const pp = newP();
    expect(runnextget(pp) == null).toBe(true);
    fill(pp, 1, 2);
    runqput(pp, fakeG(3), true);
    runqput(pp, fakeG(9), true);
    expect(runnextget(pp)!.id).toBe(9);
    expect(runnextget(pp) == null).toBe(true);
    expect(holds(pp, 1, 3)).toBe(true);
  });

  it("passes the older half of a full ring, and the one too many, to the global queue", () => {
    const pp = newP();
    fill(pp, 1, RUNQ_LENGTH + 1);
    expect(globrunqsize()).toBe(RUNQ_LENGTH / 2 + 1);
    for (let i: u32 = 1; i <= RUNQ_LENGTH / 2; i++) expect(takeReady()).toBe(i);
    expect(takeReady()).toBe(RUNQ_LENGTH + 1);
    expect(takeReady()).toBe(0);
    expect(holds(pp, RUNQ_LENGTH / 2 + 1, RUNQ_LENGTH)).toBe(true);
  });

  it("leaves all to the global queue in the scheduler that Go abandoned", () => {
    const pp = newP();
    sched.gm = 1;
    runqput(pp, fakeG(1), false);
    runqput(pp, fakeG(2), true);
    sched.gm = 0;
    expect(runqempty(pp)).toBe(true);
    expect(takeReady()).toBe(1);
    expect(takeReady()).toBe(2);
  });

  it("behaves the same when there is one P", () => {
    const pp = newP();
    sched.solo = 1;
    fill(pp, 1, 3);
    runqput(pp, fakeG(4), true);
    runqput(pp, fakeG(5), true);
    expect(runnextget(pp)!.id).toBe(5);
    expect(runnextget(pp) == null).toBe(true);
    expect(holds(pp, 1, 4)).toBe(true);
    expect(runqempty(pp)).toBe(true);
    sched.solo = 0;
  });
});

describe("stealing", () => {
  beforeEach(reset);

  it("takes the older half, rounded up, the last of it to run at once", () => {
    for (let n = 1; n <= <i32>RUNQ_LENGTH; n++) {
      const victim = newP();
      const pp = newP(5);
      fill(victim, 1, n);
      const half = n - n / 2;
      expect(runqsteal(pp, victim, false)!.id).toBe(half);
      expect(holds(pp, 1, half - 1)).toBe(true);
      expect(holds(victim, half + 1, n)).toBe(true);
    }
  });

  it("takes runnext only if that is allowed and there is nothing else", () => {
    const victim = newP();
    const pp = newP(5);
    runqput(victim, fakeG(7), true);
    expect(runqsteal(pp, victim, false) == null).toBe(true);
    runqput(victim, fakeG(1), false);
    expect(runqsteal(pp, victim, true)!.id).toBe(1);
    expect(runqsteal(pp, victim, true)!.id).toBe(7);
    expect(runqsteal(pp, victim, true) == null).toBe(true);
    expect(runqempty(pp) && runqempty(victim)).toBe(true);
  });
});

describe("the global run queue", () => {
  beforeEach(reset);

  it("gives goroutines in the order they came, alone or in batches", () => {
    const pp = newP();
    const first = fakeG(2);
    const last = fakeG(3);
    first.schedlink = last;
    globrunqput(fakeG(1));
    globrunqputBatch(first, last, 2);
    globrunqput(fakeG(4));
    for (let i = 1; i <= 4; i++) expect(globrunqget(pp, 1)!.id).toBe(i);
    expect(globrunqget(pp, 1) == null).toBe(true);
    expect(globrunqsize()).toBe(0);
    globrunqput(fakeG(5));
    expect(takeReady()).toBe(5);
  });

  it("gives a P its share: one to run, the others into its ring", () => {
    const pp = newP();
    sched.nprocs = 4;
    for (let i = 1; i <= 10; i++) globrunqput(fakeG(i));
    const gp: G = globrunqget(pp, 0)!;
    expect(gp.id).toBe(1);
    expect(gp.schedlink == null).toBe(true);
    expect(holds(pp, 2, 3)).toBe(true);
    expect(globrunqsize()).toBe(7);
    expect(takeReady()).toBe(4);
  });

  it("gives half a ring at most", () => {
    const pp = newP();
    for (let i = 1; i <= 1000; i++) globrunqput(fakeG(i));
    expect(globrunqget(pp, 0)!.id).toBe(1);
    expect(holds(pp, 2, RUNQ_LENGTH / 2)).toBe(true);
    expect(globrunqsize()).toBe(1000 - RUNQ_LENGTH / 2);
  });
});
