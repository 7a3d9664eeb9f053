/**
 * The registers of an M: the only mutable globals that stay per instance, so that each thread sees its own.
 * (Every other mutable global becomes a cell in shared memory; see `host/compiler`.)
 *
 * `m` is set once, when the thread starts. `g` changes with every switch and is null while `schedule` itself runs:
 * like the rest of the scheduler it then executes on the thread's own stack, which Go calls g0.
 *
 * Each thread its own, on either stack.
 */
import { G, M } from "../../abi";

export let m: M = changetype<M>(0);
export let g: G = changetype<G>(0);

/** What Asyncify is doing on this thread: NORMAL, UNWINDING or REWINDING (`stack.ts`). */
export let phase: i32 = 0;


@inline
export function setPhase(value: i32): void {
  phase = value;
}


@inline
export function setM(mp: M): void {
  m = mp;
}


@inline
export function setG(gp: G): void {
  g = gp;
}

/** The Panic that this thread has thrown, or 0: from right before that until it is caught. */
export let thrown: usize = 0;


@inline
export function setThrown(panic: usize): void {
  thrown = panic;
}

/** An assertion has failed on this thread, and is being reported (`checked.ts`). */
export let failing: bool = false;


@inline
export function setFailing(): void {
  failing = true;
}

/**
 * C's registers: where its stack ends, how far down it may, and where the thread-local variables of the goroutine are. They belong to the
 * goroutine that runs C just now, and mean nothing while other code runs (`goroutine/cstack.ts`).
 */
export let cStack: usize = 0;
export let cLimit: usize = 0;
export let cTls: usize = 0;


@inline
export function setC(stack: usize, limit: usize, tls: usize): void {
  cStack = stack;
  cLimit = limit;
  cTls = tls;
}


@inline
export function setCStack(stack: usize): void {
  cStack = stack;
}
