/** Calls of the host's that may block, for goroutines that were unwound before (`goroutine/syscall.ts`). On g0. */
import { globrunqputOne } from "./globrunq";
import { m, setG } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { entersyscall, HostCall, reacquirep } from "../goroutine/syscall";
import { G, GStatus, TraceKind } from "../../abi";
import { isTraced, trace, traceCalled } from "../debug/trace";

/** The goroutine that asked for a call has been saved: makes the call, then has the goroutine go on. */
export function makeHostCall(gp: G): void {
  const mp = m;
  const call = changetype<HostCall>(mp.waitUnlock);
  mp.curg = gp;
  setG(gp);
  if (mp.p) entersyscall();
  call_indirect<void>(call.entry, changetype<usize>(call));
  if (mp.syscalls != 0) {
    if (isTraced()) trace(TraceKind.Unblock, 0, 0);
    reacquirep();
  }
  mp.curg = null;
  setG(changetype<G>(0));
  if (isTraced()) traceCalled(gp);
  gp.status = GStatus.Runnable;
  const pp = mp.p;
  if (!pp) globrunqputOne(gp);
  else if (mp.lockedg == gp) mp.lockedReady = true;
  else runqput(pp, gp, true);
}
