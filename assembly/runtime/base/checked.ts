/**
 * Checked builds: the invariants that the comments of the core state, asserted where they are relied on.
 *
 * `SKEIN_CHECKED=1` compiles this file with CHECKED true. An assertion is written `if (CHECKED) check(condition, "what holds")`, so
 * that nothing of it is left elsewhere, not even the condition. Any thread and stack; a failure ends the program.
 */
export const CHECKED: bool = false;

/** False with `SKEIN_BARRIER=off`, for what the write barrier costs: stores tell the collector nothing, so that it must never run. */
export const BARRIER: bool = true;

// After the constant: what they import is compiled before what follows here, and has sizes that depend on it.
import { enterGate } from "./gate";
import { throwFatal } from "./panic";
import { failing, g, m, setFailing } from "./registers";

/** Ends the program unless `condition` holds, and names what should: `what`. */
export function check(condition: bool, what: string): void {
  if (!condition) broken(what);
}

function broken(what: string): void {
  // To report takes memory, and what that takes is checked: a second failure on the way traps.
  if (failing) unreachable();
  setFailing();
  const mp = m;
  if (changetype<usize>(mp) == 0) throwFatal(`broken invariant: ${what} (a thread that is no M yet)`);
  enterGate(); // for the text
  const pp = mp.p;
  const onP = pp ? ` with P${pp.id}` : " without a P";
  const gp = changetype<usize>(g) != 0 ? `goroutine ${g.id}` : "the scheduler";
  throwFatal(`broken invariant: ${what} (${gp} on M${mp.id}${onP})`);
}
