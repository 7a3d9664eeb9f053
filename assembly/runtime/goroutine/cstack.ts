/**
 * C on goroutines. C keeps a stack of its own in linear memory, for what has an address, and wasm globals with its end and with the
 * address of the thread-local variables. The globals are registers of an M (`base/registers.ts`), the stack is a goroutine's: it holds
 * addresses of itself, so it cannot move, unlike the frames that Asyncify saves.
 *
 * A goroutine is given a CStack when it first calls C, and gives it back when it ends, however it ends. The compiler puts `enterC`, `leaveC`
 * and `returnC` around the calls that lead from one language to the other (`host/compiler/c/merge.ts`):
 *
 *     AssemblyScript calls C      enterC; the call; leaveC
 *     C calls AssemblyScript      leaveC; the call; returnC
 *
 * So while C runs, the registers are this goroutine's, and `CStack.sp` is out of date; while anything else runs, `sp` is what counts,
 * and the registers mean nothing. Only there does a goroutine park, so no switch has to know of C. A safepoint in C
 * is such a call too (`cPreempted`). Calls nest: inner C goes on below what outer C has in use.
 *
 * ```
 * CStack | room for leaf functions | the stack, which grows downwards | errno | thread-local variables
 *                                  ^ limit                            ^ sp    ^ tls
 * ```
 *
 * Whoever moves the register goes through `moveCStack`, which compares it with the limit: an overflow is found before anything is
 * overwritten, but for functions that call nothing; those use at most RED_ZONE bytes without moving it.
 *
 * On a goroutine, and none of it is switched out but `cPreempted`; `endC` on g0.
 */
import { gopanic } from "../base/panic";
import { lock, unlock } from "../base/lock";
import { cLimit, cStack, g, setC, setCStack } from "../base/registers";
import { malloc, mfree } from "../memory/malloc";
import { preempted } from "./proc";
import { sleepTimerOf } from "./time";
import { SleepTimer } from "./timers";
import { G } from "../../abi";

/** Bytes of a C stack, thread-local variables included, unless somebody asks for more: one page of the allocator. */
const STACK_BYTES: usize = 65536;
/** Thread-local variables of more than that come on top of it. */
const TLS_BYTES: usize = 16384;
/** That of goroutine 1 of a C program: what nobody touches costs nothing. */
const MAIN_BYTES: usize = 1048576;
/** LLVM's own constant for WebAssembly. */
const RED_ZONE: usize = 128;
/** Room below them for errno (`host/compiler/c/merge.ts`), and what else C keeps for a goroutine (`assembly/c/core.h`). */
const ERRNO_BYTES: usize = 16;
/** Strictest alignment of a thread-local variable. */
const TLS_ALIGN: usize = 64;
/** Stacks kept for the next goroutines. */
const POOL_MAX: i32 = 256;

/** At the low end of the block that a C stack is. */
@unmanaged
class CStack {
  /** Where the stack ends, while no C runs. */
  sp: usize;
  tls: usize;
  size: usize;
  /** Next in the pool. */
  next: usize;
}

/** Thread-local variables as they are in the beginning, and how many bytes they have. The linker knows; the compiler fills it in. */
@external("c", "~tls_start")
declare function tlsStart(): usize;


@external("c", "~tls_size")
declare function tlsSize(): usize;

/** Stacks of the usual size that no goroutine has. */
let pool: usize = 0;
let pooled: i32 = 0;
/** The usual size, which programs without C do not know. */
let poolBytes: usize = 0;
/** Guards both: a word whose address is known. */
const poolLock: usize = memory.data(sizeof<i32>(), 4);

/** Before C runs on this goroutine. */
export function enterC(): void {
  const timer = sleepTimerOf(g);
  if (timer.cstack == 0) giveStack(timer, usualBytes());
  returnC();
}

/** Before C goes on, which has called something else. Small, so that it has a place in the function that makes the call. */
export function returnC(): void {
  const stack = changetype<CStack>(changetype<SleepTimer>(g.sleepTimer).cstack);
  setC(stack.sp, changetype<usize>(stack) + offsetof<CStack>() + RED_ZONE, stack.tls);
}

/** After C has run on this goroutine, or before it calls something else. */
export function leaveC(): void {
  changetype<CStack>(changetype<SleepTimer>(g.sleepTimer).cstack).sp = cStack;
}

/** Gives a goroutine that has not run C yet a stack of another size; 0 for that of main. */
export function sizeC(bytes: usize): void {
  giveStack(
    sleepTimerOf(g),
    max(bytes == 0 ? MAIN_BYTES + tlsSize() : bytes + tlsSize() + 2 * TLS_ALIGN + RED_ZONE, usualBytes()),
  );
}

function usualBytes(): usize {
  return tlsSize() <= TLS_BYTES ? STACK_BYTES : STACK_BYTES + tlsSize();
}

/** Moves the end of C's stack: what C does wherever it sets its stack pointer. */
export function moveCStack(sp: usize): void {
  if (sp < cLimit) overflow();
  setCStack(sp);
}

function overflow(): void {
  gopanic("runtime error: stack overflow");
}

/** A safepoint in C (`preempted`). */
export function cPreempted(): void {
  leaveC();
  preempted();
  returnC();
}

/**
 * Panics with C's words. Here, where nothing is switched out: so C's functions have no instrumentation for its sake, which call it wherever a
 * pointer may be null. Does not return.
 */
export function cDie(text: usize, length: i32): void {
  gopanic(String.UTF8.decodeUnsafe(text, length));
}

/** Where the C stack of this goroutine ends, while no C runs; 0 if it has none. */
export function cMark(gp: G): usize {
  const timer = changetype<SleepTimer>(gp.sleepTimer);
  return changetype<usize>(timer) == 0 || timer.cstack == 0 ? 0 : changetype<CStack>(timer.cstack).sp;
}

/** Where the word behind errno is, which C keeps for this goroutine, while no C runs; 0 if it has no C stack. */
export function cWord(): usize {
  const timer = changetype<SleepTimer>(g.sleepTimer);
  return changetype<usize>(timer) == 0 || timer.cstack == 0
    ? 0
    : changetype<CStack>(timer.cstack).tls - ERRNO_BYTES + sizeof<i32>();
}

/** C's frames since `cMark` are gone. */
export function cUnwind(gp: G, mark: usize): void {
  const timer = changetype<SleepTimer>(gp.sleepTimer);
  if (changetype<usize>(timer) == 0 || timer.cstack == 0) return;
  const stack = changetype<CStack>(timer.cstack);
  stack.sp = mark != 0 ? mark : stack.tls - ERRNO_BYTES;
}

/** A goroutine has ended: its C stack is for others. On g0. */
export function endC(gp: G): void {
  const timer = changetype<SleepTimer>(gp.sleepTimer);
  const block = timer.cstack;
  if (block == 0) return;
  timer.cstack = 0;
  const stack = changetype<CStack>(block);
  if (stack.size == poolBytes && pooled < POOL_MAX) {
    lock(poolLock);
    stack.next = pool;
    pool = block;
    pooled++;
    unlock(poolLock);
  } else {
    mfree(block);
  }
}

function giveStack(timer: SleepTimer, bytes: usize): void {
  let block: usize = 0;
  if (bytes == usualBytes() && pool != 0) {
    lock(poolLock);
    block = pool;
    if (block != 0) {
      pool = changetype<CStack>(block).next;
      pooled--;
    }
    unlock(poolLock);
  }
  if (block == 0) block = malloc(bytes);
  if (poolBytes == 0) poolBytes = usualBytes();
  const stack = changetype<CStack>(block);
  const size = tlsSize();
  stack.size = bytes;
  stack.tls = (block + bytes - size) & ~(TLS_ALIGN - 1);
  stack.sp = stack.tls - ERRNO_BYTES;
  memory.fill(stack.sp, 0, ERRNO_BYTES);
  memory.copy(stack.tls, tlsStart(), size);
  timer.cstack = block;
  g.owes = true;
}
