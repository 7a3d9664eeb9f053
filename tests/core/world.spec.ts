import { addressOf, allm, allp, Attention, gc, PStatus, ProgramState, sched } from "../../assembly/abi";
import { m, setM } from "../../assembly/runtime/base/registers";
import { lock, unlock } from "../../assembly/runtime/base/lock";
import { acquirep, pidleput, startIdle } from "../../assembly/runtime/sched/mp";
import { newm } from "../../assembly/runtime/sched/newm";
import { startTheWorld, stopTheWorld, tryWorld } from "../../assembly/runtime/sched/world";
import { collectIfLongAgo } from "../../assembly/runtime/gc/collect";
import { Second } from "../../assembly/runtime/goroutine/time";
import { reset } from "./support";

/** Three Ps: this thread has P 0 as M 1; M 2, whose thread never comes up, is to begin with one of the others. */
function start(): void {
  reset();
  sched.nprocs = 3;
  sched.maxThreads = 10;
  atomic.store<i32>(addressOf(sched.state), ProgramState.Running);
  lock(addressOf(sched.lock));
  newm(null, false);
  newm(null, false);
  const own = sched.newM!;
  own.started = true;
  atomic.sub<i32>(addressOf(sched.nmstarting), 1);
  for (let i = 1; i < 3; i++) {
    allp(i).id = i;
    pidleput(allp(i));
  }
  unlock(addressOf(sched.lock));
  setM(own);
  acquirep(allp(0));
  startIdle();
}

describe("a stopped world", () => {
  it("waits for no thread that has not come up yet", () => {
    start();
    const other = allm(2);
    expect(other.nextp != null).toBe(true);
    expect(sched.npidle).toBe(1);

    expect(tryWorld()).toBe(true);
    expect(stopTheWorld()).toBe(true);
    for (let i = 0; i < 3; i++) expect(allp(i).status).toBe(PStatus.Gcstop);
    expect(other.nextp == null).toBe(true);
    expect(sched.idleM == other).toBe(true);

    startTheWorld(3);
    expect(m.p == allp(0)).toBe(true);
    // One looks for work.
    expect(sched.npidle).toBe(1);
    expect(other.nextp != null).toBe(true);
  });
});

describe("a collection", () => {
  afterEach(() => {
    sched.attention = 0;
    gc.percent = -1;
    gc.forced = 0;
  });

  it("is asked for when there has been none for two minutes", () => {
    start();
    const began: i64 = sched.startTime;
    gc.percent = 100;
    gc.heapLive = 1;
    gc.ended = 0;
    collectIfLongAgo(began + 119 * Second);
    expect(sched.attention & Attention.Gc).toBe(0);
    collectIfLongAgo(began + 121 * Second);
    expect(sched.attention & Attention.Gc).toBe(Attention.Gc);
    expect(gc.forced).toBe(1);

    sched.attention = 0;
    collectIfLongAgo(began + 240 * Second);
    expect(sched.attention & Attention.Gc).toBe(0);
    gc.percent = -1;
    collectIfLongAgo(began + 999 * Second);
    expect(sched.attention & Attention.Gc).toBe(0);
  });
});
