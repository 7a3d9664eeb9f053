/**
 * Switching stacks. Asyncify (Binaryen) has instrumented every function between the bottom of a goroutine and `switchOut`:
 * in the state "unwinding" they save their live locals and return, in the state "rewinding" they load them again and
 * proceed to the call they had been in. `schedule` is below the bottom and is never instrumented.
 *
 * A goroutine unwinds into the scratch buffer of its M, for nobody knows beforehand how much it will need; then exactly the
 * bytes used are copied to its own buffer, and it is rewound straight from there, by any M. Saved frames hold no addresses
 * of themselves, so they may lie anywhere. A goroutine that never parks needs no buffer.
 *
 * Asyncify checks the bounds of the buffer only before and after, never between frames. So the scratch buffer must be at
 * least as large as the frames of the deepest stack that the thread's native stack admits. A native frame holds everything
 * its saved frame does (the locals live across a call are spilled, 8 bytes each, beside a return address and more), so
 * a scratch buffer of the size of the native stack suffices: SCRATCH_PAGES.
 *
 * `switchOut` is the top of a goroutine's stack; the rest runs on g0.
 */
import { SCRATCH_PAGES, STACK_QUANTUM } from "../../layout";
import { startUnwind, stopRewind } from "../base/imports";
import { captureStack } from "../debug/dump";
import { useOwnStack } from "./gs";
import { malloc, mfree } from "../memory/malloc";
import { PAGE_BITS, reservePages } from "../memory/pages";
import { throwOutOfMemory } from "../base/panic";
import { m, phase, setPhase } from "../base/registers";
import { G, M, OWN_STACK_BYTES, ownStack } from "../../abi";

/** The states of `phase`; Asyncify keeps its own, which the core cannot read. */
export const NORMAL: i32 = 0;
export const UNWINDING: i32 = 1;
export const REWINDING: i32 = 2;

/** Rewinding only to look at the stack: at its top the host takes a picture, and it is unwound again (`dump.ts`). */
export const TRACING: i32 = 3;

/**
 * The top of every goroutine's stack when it is switched out: called, it begins to unwind; when the goroutine is resumed
 * it is called again, at the end of rewinding, and returns. Never inlined: Asyncify must not instrument it.
 */
export function switchOut(): void {
  if (phase == REWINDING) {
    setPhase(NORMAL);
    stopRewind();
  } else {
    if (phase == TRACING) {
      stopRewind();
      captureStack();
    }
    setPhase(UNWINDING);
    m.scratchTop = m.scratch;
    startUnwind(changetype<usize>(m)); // the first two words of an M are Asyncify's view of the scratch buffer
  }
}

/** Copies the frames just unwound into the scratch buffer to the goroutine's own. */
@inline
export function saveStack(mp: M, gp: G): void {
  const scratch = mp.scratch;
  const size = <u32>(mp.scratchTop - scratch);
  if (size > gp.stackCap || gp.stackCap >> 2 > size + <u32>STACK_QUANTUM) resizeStack(gp, size);
  const stack = gp.stack;
  // Frames are short: whole words, a little past the end, are faster than a call to memory.copy.
  if (size <= 512) {
    for (let i: usize = 0; i < size; i += 8) store<u64>(stack + i, load<u64>(scratch + i));
  } else {
    memory.copy(stack, scratch, size);
  }
  gp.stackTop = stack + size;
}

function resizeStack(gp: G, size: u32): void {
  if (gp.stack != ownStack(gp)) mfree(gp.stack);
  if (size <= OWN_STACK_BYTES) {
    useOwnStack(gp);
    return;
  }
  const cap = (size + <u32>STACK_QUANTUM - 1) & ~(<u32>STACK_QUANTUM - 1);
  gp.stack = malloc(cap);
  gp.stackCap = cap;
  gp.stackEnd = gp.stack + cap;
}

/** Gives an M its scratch buffer, once. */
export function initScratch(mp: M): void {
  if (mp.scratch != 0) return;
  const scratch = reservePages(SCRATCH_PAGES);
  if (scratch == 0) throwOutOfMemory();
  mp.scratch = scratch;
  mp.scratchTop = scratch;
  mp.scratchEnd = scratch + ((<usize>SCRATCH_PAGES) << PAGE_BITS);
}
