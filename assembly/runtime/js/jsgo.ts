/**
 * JavaScript goroutines: Gs whose function is a JavaScript function, run by the host on whichever M takes them.
 *
 * Such a G runs `jsgo` with a record (a JsGo) that the thread which started it has filled in. For the scheduler
 * it is a blocking call: the M's P is marked `Syscall`, so a function that lasts loses it to another M. The G never switches
 * stacks. If the function awaits, `jsgo` returns with the G *detached*: it waits, without a stack, bound to its M, whose event
 * loop gets turns as long as the thread's JavaScript waits for anything (`M.owed`); when it is over, `js_end` posts the record and
 * buries the G. A record is posted exactly once, to the mailbox of its owner, by whoever ends the goroutine: `jsgo`, `js_end`,
 * or `mlost`.
 *
 * Threads die: a task may call process.exit, run out of memory, or refuse to be cancelled. That must not happen inside the
 * core, where locks are held. So each thread keeps a *mark*, ThreadMark.Core while it is in the core and something else while it
 * runs JavaScript: ThreadMark.Turn in its event loop, or 4 x goroutine + 1 inside a function. Whoever is to kill the thread
 * first turns that very mark into ThreadMark.Doomed by compare-and-swap; the thread leaves JavaScript by a compare-and-swap too,
 * and one that finds itself doomed stops for ever. So the killed thread was in JavaScript, and with that goroutine.
 * `mlost` then fails the goroutines bound to the M, frees its P, and has its mail sent on to the main thread.
 *
 * On g0: of the M that runs the goroutine, or of the thread whose JavaScript or sysmon calls; `mlost` on the thread that has seen the other die.
 */
import { JS_BACKLOG, JS_FINALIZERS, JS_LONG, JS_QUICK } from "../../layout";
import { nanotime } from "../base/clock";
import { globrunqputBatch, globrunqputOne, globrunqsize } from "../sched/globrunq";
import { gfgetOrphan, gfputOrphan, newG, newGoids, takeDead } from "../goroutine/gs";
import { ownerKey, ticketToGoroutine } from "./locks";
import { threadLost } from "./operation";
import { hostRunJs } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
import { loopget } from "../sched/inloop";
import { handoffp, startIdle, wakepIfIdle } from "../sched/mp";
import { netpollWanted } from "../net/netpoll";
import { newm, takeBack, wakeSysmon, wakeSysmonIfAsleep } from "../sched/newm";
import { post, postOwned, pushNote, takeMail } from "./mailbox";
import { goready, procsgo } from "../goroutine/proc";
import { g, m } from "../base/registers";
import {
  FOREVER,
  FunctionFlag,
  G,
  GKind,
  GStatus,
  InLoop,
  JsGo,
  JsRequest,
  JsStatus,
  M,
  Note,
  NoteKind,
  Owed,
  P,
  PStatus,
  RunJs,
  StopReason,
  Text,
  ThreadMark,
  TraceKind,
  WaitReason,
  Watching,
  addressOf,
  allm,
  allp,
  sched,
} from "../../abi";
import { runqempty } from "../goroutine/runq";
import { entersyscall, entersyscallUnwatched } from "../goroutine/syscall";
import { timeSleepUntil } from "../goroutine/time";
import { timersFirst } from "../goroutine/timers";
import { isTraced, trace, traceCreate } from "../debug/trace";

/** The function of every JavaScript goroutine. */
function jsgo(record: usize): void {
  const gp = g;
  changetype<JsGo>(record).mid = m.id;
  if (atomic.cmpxchg<i32>(record + offsetof<JsGo>("state"), JsStatus.Queued, JsStatus.Running) != JsStatus.Queued) {
    postRecord(record); // cancelled; its owner wants the record back
    return;
  }
  const fn = changetype<JsGo>(record).fn;
  const before = fn.time;
  m.quick = before != 0 && before < <f32>JS_QUICK;
  if (isUnwanted(m.p!)) entersyscallUnwatched();
  else entersyscall();
  const start = nanotime();
  const how = hostRunJs(record);
  const end = nanotime();
  if (m.watching != Watching.Nothing && (m.watching == Watching.Much || end - m.lastTurn > JS_FINALIZERS))
    m.owed |= Owed.Turn;
  const time = <f32>max<i64>(end - start, 1);
  fn.time = before == 0 ? time : before + (time - before) / 8;
  if (time > <f32>JS_LONG) m.preempt = 1;
  if (how == RunJs.Done) {
    postRecord(record);
    return;
  }
  gp.waitReason = how == RunJs.Await ? WaitReason.Await : WaitReason.Import;
  gp.detached = true;
}

/**
 * Whether nothing has use for a P while its M is in a JavaScript function, so that sysmon need not watch it: nothing is queued, and no timer or
 * event of the network waits for who holds it. A function has the P marked `Syscall`, and nobody can put anything there meanwhile.
 */
function isUnwanted(pp: P): bool {
  return runqempty(pp) && timersFirst(pp) == 0 && globrunqsize() == 0 && !netpollWanted();
}

/** Whether a goroutine that this M is about to run need not be watched. */
export function needsNoWatch(gp: G): bool {
  return isJsgo(gp) && isUnwanted(m.p!);
}

/**
 * Whether goroutines that were just put on the global queue can be left to an M that is awake. To wake another costs the
 * waker some µs, and goroutines may be over in a fraction of one. So if their functions have been quick so far, and an M
 * is just running one that has been, it is likely to come for these sooner than a sleeping one would. Where that is
 * wrong, since a function takes longer this time, sysmon takes the P away from it and wakes another M.
 *
 * That M cannot have given up looking: it does so under sched.lock, after it has found the global queue empty; these were put there
 * under the lock too, and it still has its P, which is read after that.
 */
function canWait(average: f32): bool {
  if (average == 0 || average >= <f32>JS_QUICK || <f32>globrunqsize() * average > <f32>JS_BACKLOG) return false;
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    const status = atomic.load<u32>(addressOf(pp.status));
    if (status != PStatus.Running && status != PStatus.Syscall) continue;
    const mp = pp.m;
    if (!mp || !mp.quick) continue;
    const gp = mp.curg;
    if (!gp || isJsgo(gp)) return true;
  }
  return false;
}

/**
 * Whether a goroutine should not run on an M that owes its event loop turns: it may block its thread, and what would wake it may
 * be awaiting in that very event loop. Functions that are known to be quick, or to await rather than block, may.
 */
export function wantsCleanM(gp: G): bool {
  if (!isJsgo(gp)) return false;
  const fn = changetype<JsGo>(gp.task).fn;
  const flags = fn.flags;
  if (flags & FunctionFlag.IsBlocking) return true;
  if (flags & FunctionFlag.IsAsync) return false;
  const time = fn.time;
  return time == 0 || time >= <f32>JS_QUICK;
}

/** Whether an M is in the function of a JavaScript goroutine, as far as another thread can tell. */
export function runsJsgo(mp: M): bool {
  const gp = mp.curg;
  return gp != null && isJsgo(gp);
}

/** What has become of a goroutine goes to who started it; its G is about to be buried. */
function postRecord(record: usize): void {
  const go = changetype<JsGo>(record);
  const counts = uncount(go);
  postOwned(go.owner, go.ownerGen, record); // from now on it is the owner's
  if (!counts) atomic.add<i64>(addressOf(sched.jscount), 1); // it is about to be taken off once more
}


@inline
function uncount(go: JsGo): bool {
  return atomic.xchg<i32>(addressOf(go.counts), 0) != 0;
}

/** Its owner has settled its promise, though it has not ended: it does not count any more. Not after it has been posted back and seen. */
@host
export function abandonRecord(record: usize): void {
  if (uncount(changetype<JsGo>(record))) atomic.sub<i64>(addressOf(sched.jscount), 1);
}

/** Starts a goroutine for each of `count` records, linked by `next`. From threads without a P. */
@host
export function submitRecords(first: usize, count: i32): void {
  // Dead Gs as far as there are any; all under one lock.
  lock(addressOf(sched.lock));
  let gs = takeDead(count);
  unlock(addressOf(sched.lock));

  let head: G | null = null;
  let tail: G | null = null;
  let slowest: f32 = 0;
  let isKnown = true;
  for (let record = first; record != 0; record = changetype<Note>(record).next) {
    let gp = gs;
    if (gp) gs = gp.schedlink;
    else gp = newG();
    const time = changetype<JsGo>(record).fn.time;
    if (time == 0) isKnown = false;
    else slowest = max(slowest, time);
    gp.id = <i64>changetype<JsGo>(record).id;
    gp.epoch = FOREVER;
    gp.kind = GKind.Js;
    gp.entry = jsgo.index;
    gp.task = record;
    gp.creator = 0;
    gp.status = GStatus.Runnable;
    gp.schedlink = null;
    if (isTraced()) traceCreate(gp);
    changetype<JsGo>(record).g = gp;
    changetype<JsGo>(record).counts = 1;
    const pool = changetype<JsGo>(record).pool;
    if (pool) ticketToGoroutine(pool, ownerKey(changetype<JsGo>(record).owner, changetype<JsGo>(record).ownerGen));
    if (tail) tail.schedlink = gp;
    else head = gp;
    tail = gp;
  }
  atomic.add<i64>(addressOf(sched.jscount), count);
  globrunqputBatch(head!, tail!, count);
  if (!isKnown || !canWait(slowest)) wakepIfIdle();
  else wakeSysmonIfAsleep();
}

/** Has gomaxprocs set to `n`, soon: by a goroutine of its own, for who stops the world needs a P. */
@host
export function setProcs(n: i32): void {
  const gp = gfgetOrphan();
  gp.epoch = FOREVER;
  gp.kind = GKind.Host;
  gp.entry = procsgo.index;
  gp.task = n;
  gp.status = GStatus.Runnable;
  atomic.add<i64>(addressOf(sched.jscount), 1);
  globrunqputOne(gp);
  wakepIfIdle();
}

/** Whether a G is a JavaScript goroutine. */
export function isJsgo(gp: G): bool {
  return gp.kind == GKind.Js;
}

/** The first of `n` numbers for goroutines. */
@host
export function takeGoids(n: i32): f64 {
  return <f64>newGoids(n);
}

/** A number for a function. */
@host
export function newFunctionIndex(): i32 {
  return atomic.add<i32>(addressOf(sched.jsfns), 1);
}

/** What a goroutine awaited has come, and its result is in the record. On its M, in JavaScript. */
@host
export function endDetached(record: usize): void {
  const gp = changetype<JsGo>(record).g;
  if (isTraced()) trace(TraceKind.End, StopReason.End, gp.id);
  postRecord(record); // first: when no goroutine is left, all results have been posted
  buryDetached(gp);
}

function buryDetached(gp: G): void {
  gp.detached = false;
  atomic.sub<i64>(addressOf(sched.jscount), 1);
  gfputOrphan(gp);
}

/** The module of a goroutine that has not begun has been loaded, or could not be: any M may take it. */
@host
export function requeueDetached(record: usize): void {
  const gp = changetype<JsGo>(record).g;
  gp.detached = false;
  goready(gp);
}

/**
 * Has the thread of an M killed if its mark is still `mark`; false if it is not. `text`, a Text, says why; it is the M's if so. If it
 * `spares` those that have not begun there, since they cannot be why, they run elsewhere. `by` is the goroutine for whose cancellation it is done,
 * or 0.
 */
@host
export function killM(mid: i32, mark: i32, text: usize, spares: bool, by: f64): bool {
  const mp = allm(mid);
  if (mark == ThreadMark.Core) return false;
  if (atomic.cmpxchg<i32>(addressOf(mp.mark), mark, ThreadMark.Doomed) != mark) return false;
  lock(addressOf(sched.lock));
  mp.lastWords = text;
  mp.spares = spares;
  mp.doomedFor = by;
  mp.killlink = sched.killM;
  mp.onKillList = true;
  sched.killM = mp;
  unlock(addressOf(sched.lock));
  wakeSysmon();
  return true;
}

/** Whether goroutines that have begun await on the thread of an M, besides that of a record. A hint: they come and go. */
@host
export function othersAwait(mid: i32, record: usize): bool {
  const mp = allm(mid);
  for (let gp = changetype<G | null>(sched.allgs); gp; gp = gp!.alllink) {
    const it = gp!;
    if (!isJsgo(it) || it.m != mp || !it.detached || it.task == record) continue;
    if (changetype<JsGo>(it.task).state == JsStatus.Waiting) return true;
  }
  return false;
}

/** The next M whose thread is to be killed. sysmon's. */
export function takeKillM(): M | null {
  if (!sched.killM) return null;
  lock(addressOf(sched.lock));
  const mp = sched.killM;
  if (mp) killget(mp);
  unlock(addressOf(sched.lock));
  return mp;
}

/** Takes an M off the list of those to be killed. Under sched.lock. */
function killget(mp: M): void {
  mp.onKillList = false;
  let it = sched.killM;
  if (it == mp) {
    sched.killM = mp.killlink;
    return;
  }
  while (it && it.killlink != mp) it = it.killlink;
  if (it) it.killlink = mp.killlink;
}

/**
 * The thread of an M has died while it ran JavaScript; `text`, a Text, says how. Its goroutines fail, its P and everything
 * queued go on, and another thread takes its place if there are too few.
 */
@host
export function mlost(mid: i32, text: usize): void {
  const mp = allm(mid);
  const gen = mp.gen;
  const holdings = mp.holdings;
  mp.holdings = 0;
  atomic.add<i32>(addressOf(mp.gen), 1); // from now on its mail goes to the main thread
  failAll(mp, text, gen);

  lock(addressOf(sched.lock));
  if (!mp.started) takeBack(mp);
  if (mp.onLoopList) loopget(mp);
  if (mp.onKillList) killget(mp); // or its successor would be killed
  const wasTimerM = sched.timerM == changetype<usize>(mp);
  if (wasTimerM) sched.timerM = 0;
  const old = mp.syscalls != 0 ? mp.oldp : null;
  const given = mp.nextp;
  const lockedg = mp.lockedg;
  mp.syscalls = 0;
  mp.oldp = null;
  mp.nextp = null;
  mp.curg = null;
  mp.lockedg = null;
  mp.lockedReady = false;
  mp.inLoop = InLoop.No;
  mp.owed = 0;
  mp.mark = ThreadMark.Core;
  mp.lastWords = 0;
  mp.spares = false;
  mp.doomedFor = 0;
  if (lockedg) {
    lockedg.lockedCount = 0;
    if (!given) sched.nmlocked--;
  }
  sched.mlive--;
  const retaken =
    old != null && atomic.cmpxchg<u32>(addressOf(old!.status), PStatus.Syscall, PStatus.Idle) != PStatus.Syscall;
  if (retaken) sched.nmblocked--;
  if (mp.jsBlocked) {
    mp.jsBlocked = false;
    sched.jsblocked--;
  }
  mp.quick = false;
  mp.newlink = sched.freeM;
  sched.freeM = mp;
  if (sched.mlive < sched.nprocs) newm(null, false);
  unlock(addressOf(sched.lock));
  if (lockedg && given) globrunqputOne(lockedg); // it was about to run here
  if (given) handoffp(given);
  if (old && !retaken) {
    old.m = null;
    if (isTraced()) trace(TraceKind.LoseP, 0, old.id);
    handoffp(old);
  }
  orphanMail(mp);
  if (wasTimerM && timeSleepUntil() != 0) startIdle();
  wakepIfIdle();
  threadLost(mid, gen);
  if (holdings != 0) pushNote(NoteKind.Orphan | NoteKind.Holdings, holdings, 0);
}

/**
 * The JavaScript goroutines of a dead M, whose thread was its `gen`th, have failed, and generators that it has started have no reader.
 * Those whose module was only being loaded there go on elsewhere, if it was not for them that the thread had to die.
 */
function failAll(mp: M, text: usize, gen: i32): void {
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    const next = gp.alllink;
    if (isJsgo(gp) && gp.m == mp && (gp.detached || gp.status == GStatus.Running)) {
      const record = gp.task;
      if (gp.detached && mp.spares && changetype<JsGo>(record).state == JsStatus.Queued) {
        requeueDetached(record);
        gp = next;
        continue;
      }
      atomic.store<i32>(record + offsetof<JsGo>("state"), JsStatus.Lost);
      changetype<JsGo>(record).result = <u64>copyText(text);
      changetype<JsGo>(record).isBystander = i32(mp.doomedFor != 0 && mp.doomedFor != changetype<JsGo>(record).id);
      if (isTraced()) trace(TraceKind.End, StopReason.Lost, gp.id);
      postRecord(record);
      buryDetached(gp);
    } else if (isJsgo(gp) && gp.detached) {
      leaveGenerator(changetype<JsGo>(gp.task), mp.id, gen);
    }
    gp = next;
  }
}

/** What a dead M was sent goes to the main thread. */
function orphanMail(mp: M): void {
  let note = takeMail(mp);
  while (note != 0) {
    const next = changetype<Note>(note).next;
    changetype<Note>(note).kind |= NoteKind.Orphan;
    post(allm(0), note);
    note = next;
  }
}

/** The thread that started a goroutine has died: if it is a generator, nobody will read what it yields, and it returns. */
function leaveGenerator(go: JsGo, mid: i32, gen: i32): void {
  if (go.owner != mid || go.ownerGen != gen) return;
  const request = changetype<JsRequest>(malloc(offsetof<JsRequest>()));
  request.kind = NoteKind.Pull;
  request.arg = -1;
  request.id = go.id;
  request.value = 0;
  post(allm(go.mid), changetype<usize>(request));
}

function copyText(text: usize): usize {
  const size = offsetof<Text>() + load<i32>(text);
  const copy = malloc(size);
  memory.copy(copy, text, size);
  return copy;
}

/** This M is about to block in JavaScript: hands its P on now, rather than when sysmon notices. */
@host
export function opBlock(): void {
  const mp = m;
  const old = mp.oldp;
  if (mp.syscalls == 0 || !old) return;
  lock(addressOf(sched.lock));
  const mine = atomic.cmpxchg<u32>(addressOf(old.status), PStatus.Syscall, PStatus.Idle) == PStatus.Syscall;
  if (mine) {
    sched.nmblocked++;
    old.m = null;
  }
  unlock(addressOf(sched.lock));
  if (mine) handoffp(old!);
}
