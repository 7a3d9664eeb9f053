/**
 * The scheduler's state in Go's format: `SKEIN_DEBUG=schedtrace=MS,scheddetail=1`. Read while everything runs, so approximate.
 *
 * On sysmon's thread.
 */
import { nanotime } from "../base/clock";
import { textOf, waitReasonText, writeError } from "./dump";
import { gfcount } from "../goroutine/gs";
import { enterCore, leaveCore } from "../sched/gate";
import { G, GStatus, M, P, allm, allp, sched, addressOf, SysmonSleep } from "../../abi";

/** Prints a line, or the long form, if one is due. sysmon's. */
export function schedtrace(now: i64): void {
  if (now < sched.nextTrace) return;
  sched.nextTrace = now + <i64>sched.schedtrace * 1_000_000;
  enterCore();
  writeError(schedtraceText(now, sched.scheddetail != 0));
  leaveCore();
}

/** The line, or with `detail` a line for each P, M and G as well. */
function schedtraceText(now: i64, detail: bool): string {
  let text =
    `SCHED ${(now - sched.startTime) / 1_000_000}ms: gomaxprocs=${sched.nprocs} idleprocs=${sched.npidle}` +
    ` threads=${sched.mlive + 1} spinningthreads=${sched.nmspinning} idlethreads=${sched.nmidle} runqueue=${sched.runqSize}`;
  if (!detail) {
    text += " [";
    for (let i = 0; i < sched.nprocs; i++) text += (i > 0 ? " " : "") + runqlength(allp(i)).toString();
    return text + "]\n";
  }
  text += ` gcwaiting=${sched.attention & 2 ? "true" : "false"} nmidlelocked=${sched.nmlocked} stopwait=${sched.stopwait}`;
  text += ` sysmonwait=${sched.sysmonIdle != SysmonSleep.No ? "true" : "false"}\n`;
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    text += `  P${i}: status=${pp.status} schedtick=${pp.schedtick} syscalltick=${pp.syscalltick} m=${mName(pp.m)}`;
    text += ` runqsize=${runqlength(pp)} gfreecnt=${gfcount(pp)} timerslen=${pp.timersLength}\n`;
  }
  // M0 is the main thread: it submits and drains, and never has a P.
  for (let id = 0, n = atomic.load<i32>(addressOf(sched.mcount)); id <= n; id++) {
    const mp = allm(id);
    const pp = mp.p;
    text += `  M${id}: p=${pp ? pp.id.toString() : "nil"} curg=${gName(mp.curg)} mallocing=0 throwing=0 preemptoff= locks=0`;
    text += ` dying=0 spinning=${mp.spinning ? "true" : "false"} blocked=${mp.syscalls != 0 ? "true" : "false"} lockedg=${gName(mp.lockedg)}\n`;
  }
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    if (gp.status != GStatus.Dead && gp.status != GStatus.Idle) {
      const running = gp.status == GStatus.Running;
      text += `  G${gp.id}: status=${gp.status}(${gp.status == GStatus.Waiting ? waitReasonText(gp.waitReason) : ""})`;
      text += ` m=${running ? mName(gp.m) : "nil"} lockedm=${gp.lockedCount != 0 ? mName(gp.m) : "nil"}\n`;
    }
    gp = gp.alllink;
  }
  return text;
}

function runqlength(pp: P): i32 {
  const n = <i32>(pp.runqtail - pp.runqhead);
  return max(n, 0) + (pp.runnext != 0 ? 1 : 0);
}

function mName(mp: M | null): string {
  return mp ? mp.id.toString() : "nil";
}

function gName(gp: G | null): string {
  return gp ? gp.id.toString() : "nil";
}

/** The scheduler's state in Go's format, a Text, the caller's to free. */
@host
export function schedtraceNow(): usize {
  const entered = enterCore();
  const text = textOf(schedtraceText(nanotime(), false));
  if (entered) leaveCore();
  return text;
}
