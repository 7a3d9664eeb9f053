/**
 * Panics that are caught: `try`, `defer`, `recover`.
 *
 * What panics, a trap or `throw`, leaves WebAssembly as an exception of JavaScript's, and only JavaScript can catch that. So code that is to
 * be protected is called through it: `attempt` calls the import `hostAttempt`, which calls the export `invoke`, which calls the code.
 *
 * ```
 * a function with try ─▶ attempt ─▶ hostAttempt (JavaScript: try { … } catch) ─▶ invoke ─▶ the code of the try
 * ```
 *
 * The code may park, and go on on another thread: Asyncify counts `hostAttempt` among the calls that may unwind. Unwinding, `invoke`
 * returns to JavaScript, which returns to `attempt`, which unwinds too; so nothing of JavaScript's stack is left. Resuming, `attempt` calls
 * `hostAttempt` again, with the same argument, and that calls `invoke`, which rewinds: so JavaScript's frame is made anew, on the thread
 * that resumes. The frame holds nothing but the argument.
 *
 * **The list.** `g.once` heads a list of what is to happen as the goroutine's frames end, the innermost first: deferred calls, attempts, the
 * calls of Once and Pool (`sync/deferral.ts`), and deferred calls that run (`Running`). A frame adds to the list and takes off what it has
 * added; so the entries before that of an attempt belong to the frames above it. If the code panics these frames are gone, and `attempt`
 * runs what they have deferred, before whoever called it goes on. Where nothing is attempted the goroutine is started anew, on an empty
 * stack, for its deferred calls (`panicLater`); then the panic is reported. Only the goroutine touches its list, and who starts it anew.
 *
 * **Whose calls may recover.** To recover is to return from the function that deferred the call: that function's code has to be an
 * attempt. The compiler makes it one if its deferred calls reach `recover`, whatever way (`host/compiler/defers.ts`); all others run theirs
 * themselves as they return (`leaveDefers`).
 *
 * **What is restored** when the code of an attempt has panicked: the list, the end of C's stack, and the P, if it was in a blocking call.
 * Locks of the core are not held where it panics. A stack that
 * overflows while it is rewound is given up at the attempt, which has been resumed by then; one that does while it is unwound is not
 * caught, for somebody may have the goroutine already (`catches`).
 *
 * The collector. Entries are records, which it looks through word by word, from `g.once` on; they are filled in before the goroutine can be
 * switched out. What is stored in one later is shaded. Panics are objects; between its throw and its catch one is in a register
 * of the thread, where nothing is switched out and so nothing collected.
 *
 * Fatal errors, the program's end and failures of the core are thrown as something else, and pass.
 *
 * On a goroutine, but for what is marked `@host`: that is called by JavaScript, below or instead of a goroutine.
 */
import { G, GStatus, gc } from "../../abi";
import { hostAttempt, hostRethrow, stopRewind } from "../base/imports";
import { Panic } from "../base/panic";
import { g, m, phase, setG, setPhase, setThrown, thrown } from "../base/registers";
import { noteRun } from "../gc/roots";
import { mfree } from "../memory/malloc";
import { shadeObject } from "../memory/mark";
import { freeRecord, newRecord } from "../memory/objects";
import { leaveUser } from "../memory/users";
import { globrunqputOne } from "../sched/globrunq";
import { Deferral, DeferralKind, isCall } from "../sync/deferral";
import { Once, onceAbandoned } from "../sync/once";
import { cMark, cUnwind } from "./cstack";
import { NORMAL, REWINDING, switchOut } from "./stack";
import { exitsyscall, leaveSyscall } from "./syscall";
import { DeferTask } from "./task";

/** Code that is being attempted. What the compiler puts into one lies behind it (`host/compiler/tries.ts`). */
@unmanaged
@host
export class Attempt {
  kind: u32;
  outer: usize;
  /** Table index of the code, `(arg: usize) => void`. */
  thunk: i32;
  arg: usize;
  /** How the code of a `try` was left: 0 by its end. */
  code: i32;
}

/** A deferred call that runs, because of a panic or not. */
@unmanaged
class Running {
  kind: u32;
  outer: usize;
  /** A Panic, or 0. */
  panic: usize;
  recovered: bool;
}

// ---- attempts --------------------------------------------------------------------------------------------------------------

/** A record for `attempt`; the compiler fills in what is behind its head. Its code is called with itself. */
export function newAttempt(thunk: i32, size: i32): usize {
  const at = newRecord(size);
  const it = changetype<Attempt>(at);
  it.kind = DeferralKind.Attempt;
  it.outer = 0;
  it.thunk = thunk;
  it.arg = at;
  it.code = 0;
  return at;
}

/** Runs code, and what it has deferred: null, or the panic that has ended it. */
export function attempt(at: usize): Panic | null {
  const gp = g;
  const it = changetype<Attempt>(at);
  it.outer = gp.once;
  gp.once = at;
  gp.owes = true;
  const syscalls = m.syscalls;
  const inUser = m.inUser;
  const c = cMark(gp);
  const text = hostAttempt(at);
  let panic: Panic | null = null;
  if (text != 0) {
    panic = takePanic(text);
    cUnwind(gp, c);
    while (m.syscalls > syscalls) exitsyscall();
    if (m.inUser && !inUser) leaveUser(m);
  }
  if (gp.once != at) panic = runDeferred(at, panic);
  gp.once = it.outer;
  return panic;
}

/** The code of a function whose deferred calls may recover. */
export function attemptOrThrow(at: usize): void {
  const panic = attempt(at);
  if (panic) rethrow(panic!);
}

/** Called by JavaScript: makes the call that is attempted. */
@host
export function invoke(at: usize): void {
  const it = changetype<Attempt>(at);
  call_indirect<void>(it.thunk, it.arg);
}

/** Called by JavaScript, which has caught something: whether it may be. What lies below the attempt has been resumed if the stack above is not yet. */
@host
export function catches(): bool {
  if (phase == REWINDING) {
    stopRewind();
    setPhase(NORMAL);
  }
  return phase == NORMAL;
}

/** What has been thrown: said by a Text, message and stack with a 0 between them, or, if it was an object, by the register. */
function takePanic(text: usize): Panic {
  const whole = String.UTF8.decodeUnsafe(text + sizeof<i32>(), load<i32>(text));
  mfree(text);
  const end = whole.lastIndexOf("\0");
  let panic = changetype<Panic | null>(thrown);
  setThrown(0);
  if (!panic) {
    const message = whole.substring(0, end);
    panic = new Panic(new Error(message), message);
  }
  panic.trace = whole.substring(end + 1);
  return panic;
}

/** Goes on panicking, or ending the goroutine. Does not return. */
export function rethrow(panic: Panic): void {
  if (panic.isExit && !isAttempted()) {
    end(panic);
    return; // it is unwound
  }
  setThrown(changetype<usize>(panic));
  const text = String.UTF8.encode(panic.text);
  const trace = String.UTF8.encode(panic.trace);
  hostRethrow(changetype<usize>(text), text.byteLength, changetype<usize>(trace), trace.byteLength);
  unreachable();
}

/** What `catch` gives. That a goroutine ends is not caught. */
export function caught(panic: Panic): Error {
  if (panic.isExit) rethrow(panic);
  return panic.error;
}

/** An object is stored in an attempt, after it may have been looked through. */
export function shadeResult(object: usize): void {
  shadeObject(object);
}

// ---- deferred calls --------------------------------------------------------------------------------------------------------

/** Has a call made when the function around it returns, or panics. */
export function defer(task: DeferTask): void {
  const gp = g;
  const it = changetype<Deferral>(changetype<usize>(task));
  it.outer = gp.once;
  gp.once = changetype<usize>(it);
  gp.owes = true;
}

/** As a function with deferred calls begins: what its own are added to. */
export function deferMark(): usize {
  return g.once;
}

/** As it returns. */
export function leaveDefers(mark: usize): void {
  if (g.once != mark) runCalls(mark);
}

/** The same for one call, if it is the first in the list: then it is to be made. */
export function takeDeferred(task: usize): bool {
  const gp = g;
  if (task == 0 || gp.once != task) return false;
  gp.once = changetype<Deferral>(task).outer;
  return true;
}

/** Stands for that in a function which is attempted: `attempt` makes the calls. */
export function keepDefers(mark: usize): void {}

function runCalls(mark: usize): void {
  const gp = g;
  for (let at = gp.once; at != mark; at = gp.once) {
    gp.once = changetype<Deferral>(at).outer;
    call_indirect<void>(load<i32>(at), at);
  }
}

/** Does what is to be done for frames that are gone, or return: the panic that comes of it, if any. */
function runDeferred(mark: usize, panic: Panic | null): Panic | null {
  const gp = g;
  for (let at = gp.once; at != mark; at = gp.once) {
    const it = changetype<Deferral>(at);
    // What the goroutine is for ends with it (`runDeferrals`).
    if (it.kind == DeferralKind.Pool) break;
    gp.once = it.outer;
    if (isCall(it)) panic = runCall(at, panic);
    else if (it.kind == DeferralKind.Once) onceAbandoned(changetype<Once>(at));
  }
  return panic;
}

/** Makes a deferred call: the panic that is left of `panic`, or that has taken its place. */
function runCall(call: usize, panic: Panic | null): Panic | null {
  const gp = g;
  const place = newRecord(offsetof<Running>());
  const running = changetype<Running>(place);
  running.kind = DeferralKind.Running;
  running.outer = gp.once;
  running.panic = changetype<usize>(panic);
  running.recovered = false;
  gp.once = place;
  const at = newAttempt(load<i32>(call), offsetof<Attempt>());
  changetype<Attempt>(at).arg = call;
  const second = attempt(at);
  gp.once = running.outer;
  const recovered = running.recovered;
  freeRecord(at);
  freeRecord(place);
  if (second) {
    if (panic) follow(panic, second, recovered);
    return second;
  }
  if (!recovered) return panic;
  return panic!.exits ? newExit() : null;
}

/** `second` takes the place of `first`, as Go reports it. */
function follow(first: Panic, second: Panic, recovered: bool): void {
  second.exits = second.exits || first.exits;
  if (first.isExit || second.isExit) return;
  second.text = first.text + (recovered ? " [recovered]" : "") + "\n\tpanic: " + second.text;
}

/** In a deferred call: ends the panic because of which it runs, and gives its error; else null. */
export function recover(): Error | null {
  for (let at = g.once; at != 0; at = changetype<Deferral>(at).outer) {
    const running = changetype<Running>(at);
    if (running.kind != DeferralKind.Running) continue;
    const panic = changetype<Panic | null>(running.panic);
    if (!panic || panic.isExit || running.recovered) return null;
    running.recovered = true;
    return panic.error;
  }
  return null;
}

// ---- the goroutine ends ----------------------------------------------------------------------------------------------------

/** The end of a goroutine, on its way through the frames of attempts. */
function newExit(): Panic {
  const panic = new Panic(new Error("goexit"), "goexit");
  panic.isExit = true;
  panic.exits = true;
  return panic;
}

/** Ends the current goroutine, after its deferred calls. If it is main's, the program goes on until nothing is left. Does not return. */
export function goexit(): void {
  if (g.once != 0) {
    rethrow(newExit());
  } else {
    g.exiting = true;
    switchOut();
  }
}

function isAttempted(): bool {
  for (let at = g.once; at != 0; at = changetype<Deferral>(at).outer) {
    if (changetype<Deferral>(at).kind == DeferralKind.Attempt) return true;
  }
  return false;
}

function end(exit: Panic): void {
  finish(exit);
  g.exiting = true;
  switchOut();
}

/** Nothing is attempted any more: makes the calls that are deferred, and reports the panic that comes of it. */
function finish(panic: Panic): void {
  const last = runDeferred(0, panic);
  if (last && !last.isExit) rethrow(last);
}

/** The function of a goroutine that has panicked, and is started anew for its deferred calls. */
function panicked(panic: usize): void {
  finish(changetype<Panic>(panic));
}

/**
 * Called by JavaScript with what the goroutine of this thread has thrown out of `mstart`: false if nothing is deferred; else it goes on with that,
 * and throws again afterwards. Frees the Text.
 */
@host
export function panicLater(text: usize): bool {
  const mp = m;
  const gp = mp.curg;
  if (!gp || !catches() || !hasCalls(gp)) {
    mfree(text);
    setThrown(0);
    return false;
  }
  if (mp.syscalls != 0) leaveSyscall();
  if (mp.inUser) leaveUser(mp);
  cUnwind(gp, 0);
  gp.task = changetype<usize>(takePanic(text));
  gp.entry = panicked.index;
  gp.stackTop = 0;
  gp.status = GStatus.Runnable;
  mp.curg = null;
  setG(changetype<G>(0));
  if (gc.marking != 0) noteRun(gp);
  globrunqputOne(gp);
  return true;
}

function hasCalls(gp: G): bool {
  let any = false;
  for (let at = gp.once; at != 0; at = changetype<Deferral>(at).outer) {
    const it = changetype<Deferral>(at);
    if (it.kind == DeferralKind.Attempt) return false;
    any = any || isCall(it);
  }
  return any;
}
