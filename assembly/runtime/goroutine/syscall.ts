/**
 * Blocking calls. A goroutine that goes into one keeps its M but not its P: the P is marked `Syscall`, and sysmon may take it
 * away for another M (`retake`) as soon as the call lasts. Coming back, the M takes its old P if that is still marked, else
 * any idle one; else the goroutine goes to the global queue and the M sleeps. After Go's entersyscall and exitsyscall.
 *
 * The mark is the ownership: whoever turns `Syscall` into something else by compare-and-swap has the P. Before the mark is
 * set the M clears `m.p`, so nothing in the call can use the P by mistake: allocation falls back to the caches for threads
 * without a P, what becomes ready goes to the global queue.
 *
 * With a single P the core leaves out locks that only holders of a P take (`lock.ts`). User code that runs inside
 * `blocking` takes them without holding a P, so the first `blocking` ends that for good: at that moment its M holds the
 * only P, and no such lock. The host's own calls run no user code and do not.
 *
 * The collector must see a goroutine's frames, so calls of the host's that block are made with it unwound (`hostCall`); and it waits for
 * the code inside `blocking` (`memory/users.ts`).
 *
 * On a goroutine; `reacquirep` and `leaveSyscall` on g0 as well, where the call has been left in another way.
 */
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { lock, nap, unlock } from "../base/lock";
import { heldLocks } from "../base/lockrank";
import { opBlock } from "../js/jsgo";
import { malloc, mfree } from "../memory/malloc";
import { enterUser, leaveUser } from "../memory/users";
import { acquirep, pidleget } from "../sched/mp";
import { wakeSysmon } from "../sched/newm";
import { m } from "../base/registers";
import { switchOut } from "./stack";
import { Attention, PStatus, Switch, TraceKind, addressOf, sched, SysmonSleep } from "../../abi";
import { runTask, Task } from "./task";
import { isTraced, trace } from "../debug/trace";

/** Before a call that may block: gives up the P, for the time being. */
export function entersyscall(): void {
  if (m.syscalls == 0) {
    m.p!.unwatched = false;
    if (isTraced()) trace(TraceKind.Block, 0, 0);
  }
  entersyscallUnwatched();
  if (sched.sysmonIdle != SysmonSleep.No) wakeSysmon();
}

/** The same while nothing else has use for the P: if sysmon sleeps, it may go on to. Who then queues something wakes it (`globrunq.ts`). */
export function entersyscallUnwatched(): void {
  const mp = m;
  if (mp.syscalls++ != 0) return;
  const pp = mp.p!;
  if (CHECKED)
    check(
      pp.status == PStatus.Running && pp.m == mp && heldLocks() == 0,
      "who enters a blocking call runs its P, without locks",
    );
  mp.oldp = pp;
  mp.p = null;
  pp.syscalltick++;
  atomic.store<u32>(addressOf(pp.status), PStatus.Syscall);
}

/** After the call: takes a P again, waiting in the global queue if there is none. */
export function exitsyscall(): void {
  const mp = m;
  if (mp.syscalls == 0) return; // it was switched out meanwhile, which ended the call
  if (--mp.syscalls != 0) return;
  if (isTraced()) trace(TraceKind.Unblock, 0, 0);
  if (reacquirep()) return;
  m.switchTo = Switch.Global;
  switchOut();
}

/** Takes the old P or an idle one; the M is out of the call either way. */
export function reacquirep(): bool {
  const mp = m;
  if (CHECKED) check(!mp.p && mp.oldp != null, "who comes out of a blocking call has lent its P");
  mp.syscalls = 0;
  const old = mp.oldp!;
  mp.oldp = null;
  if (atomic.cmpxchg<u32>(addressOf(old.status), PStatus.Syscall, PStatus.Running) == PStatus.Syscall) {
    mp.p = old;
    old.m = mp;
    return true;
  }
  // sysmon, or who stopped the world, has it.
  lock(addressOf(sched.lock));
  sched.nmblocked--;
  if (mp.jsBlocked) {
    mp.jsBlocked = false;
    sched.jsblocked--;
  }
  const pp = (sched.attention & Attention.Stop) == 0 ? pidleget() : null;
  unlock(addressOf(sched.lock));
  if (!pp) return false;
  acquirep(pp);
  return true;
}

/** The goroutine was switched out, or has ended, inside a blocking call: the call is over as far as the M is concerned. */
export function leaveSyscall(): void {
  reacquirep();
}

/** Runs `f(a)` as a blocking call: however long it takes, the other goroutines go on. */
export function blocking(task: Task): void {
  sched.soloAllowed = 0;
  sched.solo = 0;
  const outermost = m.syscalls == 0;
  if (outermost) enterUser();
  entersyscall();
  runTask(task);
  exitsyscall();
  if (outermost && m.inUser) leaveUser(m);
}

// ---- calls that block, with the goroutine unwound ------------------------------------------------------------------------

/** A call of the host's that may block, for `hostCall`; in memory of `malloc`. */
@unmanaged
export class HostCall {
  /** Table index of the function that makes it, `(call: usize) => void`. */
  entry: i32;
  result: i32;
  a: usize;
  b: usize;
  c: i64;
}

/**
 * Makes a call that may block: the goroutine is unwound, so that the collector sees its frames, and the scheduler makes the call on
 * its own stack, as a blocking call. The function must not park, and what it uses must be in memory of `malloc`, or be kept by something
 * else than this goroutine. `call` is this goroutine's again when this returns.
 */
export function hostCall(entry: i32, call: HostCall): void {
  call.entry = entry;
  const mp = m;
  mp.waitUnlock = changetype<usize>(call);
  mp.switchTo = Switch.Call;
  switchOut();
}

/** Blocks the M of this goroutine for `d` nanoseconds, as a call into an operating system would; for tests and benchmarks. */
export function sleepBlocking(d: i64): void {
  if (d <= 0) return;
  const call = changetype<HostCall>(malloc(offsetof<HostCall>()));
  call.c = d;
  hostCall(napCall.index, call);
  mfree(changetype<usize>(call));
}

function napCall(at: usize): void {
  const d = changetype<HostCall>(at).c;
  opBlock();
  const until = nanotime() + d;
  for (let left = d; left > 0; left = until - nanotime()) nap(left);
}
