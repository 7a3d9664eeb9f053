/**
 * Looking at goroutines: their states and stacks, for deadlock reports, dumps and stalls.
 *
 * The stack of a goroutine that is not running is in its buffer, as frames without names. To read it, it is rewound as if to
 * resume, in the phase TRACING: at its top `switchOut` has the host write down the thread's stack, and unwinds again.
 * The frames saved stay as they were; only the top, which rewinding moves, is put back.
 *
 * Nothing in this folder is instrumented or switched out: it runs on g0, on a goroutine's stack above what is written down, or on a
 * thread of the host's.
 */
import { NAME_MAX, SHOWN_MAX, STACK_TEXT_MAX } from "../../layout";
import { nanotime } from "../base/clock";
import { isJsgo } from "../js/jsgo";
import { blockedFor, firstOperation, isAwaited, nextOperation, reasonOf } from "../js/operation";
import { hostTraceback, hostWrite, startRewind, stopUnwind } from "../base/imports";
import { enterCore, leaveCore } from "../sched/gate";
import { malloc, mfree } from "../memory/malloc";
import { pushNote } from "../js/mailbox";
import { g, m, setG, setPhase } from "../base/registers";
import { NORMAL, TRACING } from "../goroutine/stack";
import {
  Attention,
  FunctionKind,
  G,
  GKind,
  GStatus,
  JsFunction,
  JsGo,
  NoteKind,
  ProgramState,
  Text,
  WaitReason,
  addressOf,
  sched,
} from "../../abi";
import { callAttention, startTheWorld, stopTheWorld, tryWorld } from "../sched/world";

/** Value of `M.preempt` that asks the goroutine to say where it is before it yields. */
export const STALLED: u32 = 2;

/** At the top of a goroutine's stack that is being traced: has the host write it down. */
export function captureStack(): void {
  m.traceLength = min(hostTraceback(m.traceText, STACK_TEXT_MAX), STACK_TEXT_MAX);
}

/** The stack of a goroutine that is not running, innermost frame first; empty if it has not started. */
function stackOf(gp: G): string {
  const top = gp.stackTop;
  if (top == 0) return "";
  const mp = m;
  const current = g;
  mp.traceText = malloc(STACK_TEXT_MAX);
  mp.traceLength = 0;
  setG(gp);
  setPhase(TRACING);
  startRewind(changetype<usize>(gp));
  call_indirect<void>(gp.entry, 0);
  setPhase(NORMAL);
  stopUnwind();
  gp.stackTop = top;
  setG(current);
  const text = String.UTF8.decodeUnsafe(mp.traceText, mp.traceLength);
  mfree(mp.traceText);
  return text;
}

/**
 * Goroutines of the program, those that wait or all that live and the host's too: number, state, stack, who started them; main
 * first.
 */
export function describe(waitingOnly: bool): string {
  const list = new Array<G>();
  let gp = changetype<G | null>(sched.allgs);
  while (gp) {
    const status = gp.status;
    const live =
      status == GStatus.Waiting || (!waitingOnly && (status == GStatus.Runnable || status == GStatus.Running));
    if (live && (gp.epoch == sched.epoch || (!waitingOnly && gp.kind != GKind.Program))) list.push(gp);
    gp = gp.alllink;
  }
  list.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const parts = new Array<string>();
  const now = nanotime();
  for (let i = 0, k = min(list.length, SHOWN_MAX); i < k; i++) parts.push(describeOne(list[i], now));
  if (list.length > SHOWN_MAX) parts.push("\n... and " + (list.length - SHOWN_MAX).toString() + " more goroutines\n");
  return parts.join("");
}

/** A goroutine as a report shows it. */
export function describeOne(gp: G, now: i64): string {
  // With the world stopped, only goroutines in blocking calls are running: on their threads, where the stack cannot be read.
  let text = headOf(gp, now) + (gp.status == GStatus.Running ? "" : stackOf(gp));
  if (isJsgo(gp)) text += functionName(gp.task) + "\n";
  if (gp.id != 1 && gp.creator != 0) text += "created in goroutine " + gp.creator.toString() + "\n";
  return text;
}

/** The first line of that: its number, and its state. */
export function headOf(gp: G, now: i64): string {
  const waiting = gp.status == GStatus.Waiting;
  const blocked = gp.status == GStatus.Running;
  let state = waiting ? waitReasonText(gp.waitReason) : blocked ? callText(gp) : "runnable";
  const minutes = waiting && gp.waitSince != 0 ? (now - gp.waitSince) / 60_000_000_000 : 0;
  if (minutes >= 1) state += ", " + minutes.toString() + " minutes";
  if (gp.lockedCount != 0) state += ", locked to thread";
  return "\ngoroutine " + gp.id.toString() + " [" + state + "]:\n";
}

/** What a goroutine is doing that is in a blocking call. */
function callText(gp: G): string {
  const op = gp.m ? blockedFor(gp.m!) : null;
  return op ? waitReasonText(reasonOf(op)) : "syscall";
}

/** What JavaScript on any thread waits for, besides what its goroutines block for: a line each. */
export function describeOperations(): string {
  let text = "";
  let shown = 0;
  for (let it = firstOperation(); it && shown < SHOWN_MAX; it = nextOperation(it!)) {
    const op = it!;
    if (!isAwaited(op)) continue;
    const where = op.mid == 0 ? "the main thread" : "JavaScript on M" + op.mid.toString();
    text += "\n" + where + " [" + waitReasonText(reasonOf(op)) + "]\n";
    shown++;
  }
  return text;
}

/** The function of a JavaScript goroutine; of one that was sent as source, how that begins. */
function functionName(record: usize): string {
  const fn = changetype<usize>(changetype<JsGo>(record).fn);
  const first = changetype<JsFunction>(fn).length1;
  if (changetype<JsFunction>(fn).kind != FunctionKind.Module) return lineOf(fn + offsetof<JsFunction>(), first);
  const name = String.UTF8.decodeUnsafe(fn + offsetof<JsFunction>() + first, changetype<JsFunction>(fn).length2);
  return name + "(...)\n\t" + String.UTF8.decodeUnsafe(fn + offsetof<JsFunction>(), first);
}

/** The first line of a text in UTF-8, cut to fit a report. */
function lineOf(text: usize, length: i32): string {
  let end = 0;
  while (end < min(length, NAME_MAX) && load<u8>(text + end) >= 0x20) end++;
  const isCut = end < length;
  // Not within a character.
  if (isCut) while (end > 0 && (load<u8>(text + end) & 0xc0) == 0x80) end--;
  const line = String.UTF8.decodeUnsafe(text, end);
  return isCut ? line + "…" : line;
}

/** Asks for a dump of all goroutines on standard error. From any thread; it is made as soon as the world can be stopped. */
@host
export function requestDump(): void {
  atomic.or<i32>(addressOf(sched.attention), Attention.Dump);
  callAttention();
}

/** An M that schedules has seen the request. */
export function dumpStopped(): void {
  if (!tryWorld()) return; // whoever stops the world goes on in a moment; then an M sees the request again
  stopTheWorld();
  if ((atomic.and<i32>(addressOf(sched.attention), ~Attention.Dump) & Attention.Dump) != 0) {
    writeError(describe(false) + "\n");
    pushNote(NoteKind.Dumped, 0, 0);
  }
  startTheWorld(sched.nprocs);
}

/** The current goroutine has held its P for longer than SKEIN_DEBUG's stall allows: says where it is. */
export function reportStall(): void {
  const text = malloc(STACK_TEXT_MAX);
  const length = min(hostTraceback(text, STACK_TEXT_MAX), STACK_TEXT_MAX);
  writeError("stall: goroutine " + g.id.toString() + " is at\n" + String.UTF8.decodeUnsafe(text, length));
  mfree(text);
}

/** Writes the runtime's own lines to standard error. */
export function writeError(text: string): void {
  if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return;
  const bytes = String.UTF8.encode(text);
  hostWrite(2, changetype<usize>(bytes), bytes.byteLength);
}

/** Go's words for a wait reason. */
export function waitReasonText(reason: u8): string {
  switch (reason) {
    case WaitReason.ChanReceive:
      return "chan receive";
    case WaitReason.ChanSend:
      return "chan send";
    case WaitReason.Select:
      return "select";
    case WaitReason.SelectNoCases:
      return "select (no cases)";
    case WaitReason.MutexLock:
      return "sync.Mutex.Lock";
    case WaitReason.RWMutexLock:
      return "sync.RWMutex.Lock";
    case WaitReason.RWMutexRLock:
      return "sync.RWMutex.RLock";
    case WaitReason.WaitGroupWait:
      return "sync.WaitGroup.Wait";
    case WaitReason.CondWait:
      return "sync.Cond.Wait";
    case WaitReason.Semacquire:
      return "semacquire";
    case WaitReason.Sleep:
      return "sleep";
    case WaitReason.Await:
      return "await";
    case WaitReason.Import:
      return "import";
    case WaitReason.ChanReceiveNil:
      return "chan receive (nil chan)";
    case WaitReason.ChanSendNil:
      return "chan send (nil chan)";
    case WaitReason.Gc:
      return "wait for GC cycle";
    case WaitReason.IOWait:
      return "IO wait";
    case WaitReason.PthreadMutex:
      return "pthread_mutex_lock";
    case WaitReason.PthreadCond:
      return "pthread_cond_wait";
    case WaitReason.PthreadRwlock:
      return "pthread_rwlock";
    case WaitReason.PthreadJoin:
      return "pthread_join";
    case WaitReason.PthreadBarrier:
      return "pthread_barrier_wait";
    case WaitReason.PthreadOnce:
      return "pthread_once";
    case WaitReason.SemWait:
      return "sem_wait";
    case WaitReason.Stdio:
      return "stdio";
    default:
      return "waiting";
  }
}

/** The words for a WaitReason, a Text, the caller's to free. */
@host
export function waitReason(reason: i32): usize {
  const entered = enterCore();
  const text = textOf(waitReasonText(<u8>reason));
  if (entered) leaveCore();
  return text;
}

/** A string as a Text for the host, which frees it. */
export function textOf(text: string): usize {
  const bytes = String.UTF8.encode(text);
  const size = bytes.byteLength;
  const ptr = malloc(offsetof<Text>() + size);
  store<i32>(ptr, size);
  memory.copy(ptr + offsetof<Text>(), changetype<usize>(bytes), size);
  return ptr;
}
