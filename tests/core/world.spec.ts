import { addressOf, allm, allp, PStatus, ProgramState, sched } from "../../assembly/abi";
import { m, setM } from "../../assembly/runtime/base/registers";
import { lock, unlock } from "../../assembly/runtime/base/lock";
import { acquirep, pidleput, startIdle } from "../../assembly/runtime/sched/mp";
import { newm } from "../../assembly/runtime/sched/newm";
import { startTheWorld, stopTheWorld, tryWorld } from "../../assembly/runtime/sched/world";
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
    expect(sched.npidle).toBe(2);
    startIdle();
    expect(other.nextp != null).toBe(true);
  });
});
