/** What the host calls: the module's exports, each under the prefix `__skein_` (docs/internals.md says who calls which). */
import { MAX_THREADS, SCHED_STATE, SYSMON_M, TEXT_BYTES } from "../../layout";
import { nanotime } from "../base/clock";
import { requestDump, waitReasonText } from "../debug/dump";
import { checkLayout } from "../base/checks";
import { globrunqput } from "../sched/globrunq";
import { gfgetOrphan } from "../goroutine/gs";
import { stopRewind, stopUnwind } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { malloc, mfree } from "../memory/malloc";
import { endNet } from "../net/fd";
import { ioAccepted, ioEvent, ioFree, ioInput, ioTakeAccepted, newStdSocket, takeRequests } from "../net/stdlib";
import { hostReady } from "../net/polldesc";
import {
  endDetached,
  killM,
  mlost,
  newFunctionIndex,
  requeueDetached,
  setProcs,
  submitRecords,
  takeGoids,
} from "./jsgo";
import { mreturn } from "../sched/hosted";
import { awaitp, pidleput, wakeAll, wakepIfIdle } from "../sched/mp";
import { mexit, newm } from "../sched/newm";
import { postOwned, pushNote, takeMail } from "./noteq";
import { initPages } from "../memory/pages";
import { numGoroutine, numJsGoroutine } from "../goroutine/proc";
import { goexit0, schedule } from "../sched/schedule";
import { beginExit, endExit } from "../goroutine/program";
import { g, m, phase, setG, setM, setPhase } from "../base/registers";
import { schedtraceText } from "../debug/schedtrace";
import { sysmonLoop, takeNewM } from "../sched/sysmon";
import { initScratch, NORMAL, REWINDING, UNWINDING } from "../goroutine/stack";
import { G, GStatus, Hosted, MainState, Mstart, NoteKind, ProgramState, allm, allp, sched, addressOf } from "../../abi";
import { attachTrace, beginTrace, endTrace, freeTrace, isTraced, traceCreate } from "../debug/trace";

/** Sets up the scheduler; on M0, once, in memory that is still zero but for the program's data. */
export function init(procs: i32, numCPU: i32, maxThreads: i32, heapBase: usize, maxPages: i32, heapPlace: i32): void {
  checkLayout();
  setM(allm(0));
  m.rand = 1;
  sched.nprocs = procs;
  sched.soloAllowed = 1;
  sched.solo = procs == 1 ? 1 : 0;
  sched.startTime = nanotime();
  sched.numCPU = numCPU;
  sched.maxThreads = min(maxThreads, MAX_THREADS - 3);
  sched.maxPages = maxPages;
  initPages(heapBase, heapPlace);
  sched.goidgen = 1; // 1 is main's
  lock(addressOf(sched.lock));
  for (let i = procs - 1; i >= 0; i--) {
    const pp = allp(i);
    pp.id = i;
    if (i > 0) pidleput(pp);
  }
  // As many Ms as Ps, begun together: to start a thread later, when work has come, would take longer than most work.
  newm(allp(0), false);
  for (let i = 1; i < procs; i++) newm(null, false);
  unlock(addressOf(sched.lock));
}

/**
 * The life of M `id` on this thread: one of MSTART_*. To be called again also after a panic that was contained; on Mstart.Wait
 * once the word `park` is not Park.Parked any more, or the time is over; on Mstart.Turn after a turn of the event loop.
 */
export function mstart(id: i32): i32 {
  const mp = allm(id);
  setM(mp);
  let goesOn = true;
  if (!mp.started) {
    mp.started = true;
    initScratch(mp);
    attachTrace(mp);
    goesOn = awaitp();
  } else if (mp.hosted != Hosted.No) {
    goesOn = mreturn();
  }
  if (goesOn && schedule()) return Mstart.Again;
  if (mp.hosted != Hosted.No) return mp.hosted == Hosted.Wait ? Mstart.Wait : Mstart.Turn;
  if (mp.ending) mexit(mp);
  return Mstart.End;
}

// ---- JavaScript goroutines, see jsgo.ts --------------------------------------------------------------------------------

/** Makes no more than `n` Ms, unless there are more already. On M0, before any goroutine. */
export function thread_goal(n: i32): void {
  sched.threadGoal = n;
}

/** Before anything runs: threads without a P will use channels, so what protects them is never left out. */
export function no_solo(): void {
  sched.soloAllowed = 0;
  sched.solo = 0;
}

/** Makes this thread's instance known as M `id`'s before mstart, for what it does until then. */
export function be_m(id: i32): void {
  setM(allm(id));
}

/** Starts `count` goroutines; their records are linked by NOTE_NEXT. */
export function js_submit(first: usize, count: i32): void {
  submitRecords(first, count);
}

/** The first of `n` goroutine numbers. */
export function js_goids(n: i32): f64 {
  return takeGoids(n);
}

/** A number for a function. */
export function js_function(): i32 {
  return newFunctionIndex();
}

/** A goroutine that awaited on this thread has ended. */
export function js_end(record: usize): void {
  endDetached(record);
}

/** A goroutine whose module was being loaded on this thread may run. */
export function js_ready(record: usize): void {
  requeueDetached(record);
}

/** Posts a note to the thread that was an M's `gen`th. */
export function js_post(mid: i32, gen: i32, note: usize): void {
  postOwned(mid, gen, note);
}

/** Has the thread of an M killed if its mark is `mark`, and then takes `text`, a Text that says why: 1 if so. */
export function js_kill(mid: i32, mark: i32, text: usize): i32 {
  return killM(mid, mark, text) ? 1 : 0;
}

/** The thread of an M has died in JavaScript; `text` is a Text that says how, the caller's to free. */
export function js_lost(mid: i32, text: usize): void {
  mlost(mid, text);
}

/** Has gomaxprocs set, soon. */
export function set_procs(n: i32): void {
  setProcs(n);
}

/** The scheduler's state in Go's format, a Text, the caller's to free. */
export function schedtrace(): usize {
  return newText(schedtraceText(nanotime(), false));
}

/** The words for a WaitReason, a Text, the caller's to free. */
export function wait_reason(reason: i32): usize {
  return newText(waitReasonText(<u8>reason));
}

function newText(text: string): usize {
  const bytes = String.UTF8.encode(text);
  const size = bytes.byteLength;
  const ptr = malloc(TEXT_BYTES + size);
  store<i32>(ptr, size);
  memory.copy(ptr + TEXT_BYTES, changetype<usize>(bytes), size);
  return ptr;
}

/** JavaScript goroutines that exist. */
export function js_count(): i32 {
  return numJsGoroutine();
}

/** The next M whose thread the caller is to start, 0 if there is none. The main thread, at the beginning. */
export function next_m(): i32 {
  const mp = takeNewM();
  return mp ? mp.id : 0;
}

/** The number of the goroutine that this thread runs, 0 if none. */
export function goid(): i64 {
  return changetype<usize>(g) == 0 ? 0 : g.id;
}

/** The number of the goroutine that started the one that this thread runs, 0 if the host did. */
export function creator(): i64 {
  return changetype<usize>(g) == 0 ? 0 : g.creator;
}

/** Ends the goroutine that this thread was running when it threw. */
export function discard(): void {
  const mp = m;
  // A stack overflow can come in the middle of a switch.
  mp.scratchTop = mp.scratch;
  if (phase == UNWINDING) stopUnwind();
  else if (phase == REWINDING) stopRewind();
  setPhase(NORMAL);
  const gp = mp.curg;
  mp.curg = null;
  setG(changetype<G>(0));
  if (gp) goexit0(gp);
}

/** Passes the panic of this thread's goroutine to the main thread; `text` is a Text that the main thread frees. */
export function panicNote(text: usize): void {
  const gp = m.curg;
  pushNote(NoteKind.Panic, gp ? gp.call : 0, text);
}

/**
 * The sysmon thread: returns the id of an M whose thread is to be started now, or -1 for the host to take an event-loop turn,
 * then to be called again; 0 when the program is over.
 */
export function sysmon(): i32 {
  setM(allm(SYSMON_M)); // it is never given a P
  return sysmonLoop();
}

/** Before anything runs: one global queue and no local ones, as before Go 1.1. */
export function use_gm(): void {
  sched.gm = 1;
}

/**
 * Settings of SKEIN_DEBUG: milliseconds between lines of schedtrace, the long form, the watchdog's limit in ms, leaked
 * goroutines at the end; 0 for off.
 */
export function set_debug(schedtrace: i32, scheddetail: i32, stall: i32, leaks: i32): void {
  sched.schedtrace = schedtrace;
  sched.scheddetail = scheddetail;
  sched.stall = stall;
  sched.leaks = leaks;
}

/** Has all goroutines written to standard error, as soon as the world can be stopped. From the main thread. */
export function dump(): void {
  requestDump();
}

/** Begins to trace, with rings of `capacity` events, a power of two. The main thread, which reads them (`trace.ts`). */
export function trace_begin(capacity: i32): void {
  beginTrace(capacity);
}

/** Ends that: from now on nothing is added to the rings. */
export function trace_end(): void {
  endTrace();
}

/** Frees the rings, once they have been read. */
export function trace_free(): void {
  freeTrace();
}

/** Goroutines that exist. */
export function num_goroutine(): i32 {
  return numGoroutine();
}

/** Memory for the host. */
export function alloc(size: usize): usize {
  return malloc(size);
}

/** Gives back memory of `alloc`, a note, or what a note says is the host's to free. */
export function free(ptr: usize): void {
  mfree(ptr);
}

/** Starts a goroutine for a task: kind 0 for a call, 1 for main, 2 for the top-level code alone. */
export function submit(task: usize, kind: i32): void {
  const gp = gfgetOrphan();
  gp.entry = load<i32>(task);
  gp.task = task;
  gp.owes = true;
  gp.status = GStatus.Runnable;
  atomic.add<i64>(addressOf(sched.gcount), 1);
  lock(addressOf(sched.lock));
  if (kind == 0) {
    gp.call = task;
  } else {
    gp.id = 1;
    sched.main = kind == 1 ? MainState.Main : MainState.Init;
  }
  if (isTraced()) traceCreate(gp);
  globrunqput(gp);
  unlock(addressOf(sched.lock));
  wakepIfIdle();
}

/** What a goroutine asked the host for, with the word at this address, is there. From the main thread. */
export function net_ready(word: usize): void {
  hostReady(word);
}

// The I/O thread's, see net/stdlib.ts.

/** All requests, oldest first, linked by their first word; the I/O thread frees them. */
export function net_io_take(): usize {
  return takeRequests();
}

/** A socket for a connection that comes in. */
export function net_io_new(): usize {
  return newStdSocket();
}

/** Bytes, or a packet with its sender, have come for a socket, which takes the memory over; 1 if it is full for now. */
export function net_io_input(socket: usize, data: usize, length: i32, sender: usize, senderLength: i32): i32 {
  return ioInput(socket, data, length, sender, senderLength);
}

/** A listener has a connection. */
export function net_io_accepted(socket: usize, accepted: usize): void {
  ioAccepted(socket, accepted);
}

/** Something has happened to a socket: an IOEvent with its value. */
export function net_io_event(socket: usize, event: i32, value: i32): void {
  ioEvent(socket, event, value);
}

/** A connection that nobody has accepted, of a listener that is closed; 0 for no more. */
export function net_io_take_accepted(socket: usize): usize {
  return ioTakeAccepted(socket);
}

/** Nobody uses the socket any more. */
export function net_io_free(socket: usize): void {
  ioFree(socket);
}

/** All threads have ended: closes the descriptors that the program has left open. */
export function net_end(): void {
  endNet();
}

/** All notes for this thread, oldest first; 0 if there are none. */
export function drain(): usize {
  return takeMail(m);
}

/** Puts out unfinished lines and claims the end of the program: 1 if this thread is to report it, 0 if another is. */
export function begin_exit(): i32 {
  return beginExit() ? 1 : 0;
}

/** Ends the program with a code, after begin_exit. */
export function end_exit(code: i32): void {
  endExit(code);
}

/** Ends all threads: Ms return from mstart when they next look for work, sysmon returns 0. */
export function close(): void {
  atomic.cmpxchg<i32>(SCHED_STATE, ProgramState.Running, ProgramState.Closing);
  wakeAll();
}

// ---- channels, locks and contexts of JavaScript ----------------------------------------------------------------------------

export * from "./hostsync";
