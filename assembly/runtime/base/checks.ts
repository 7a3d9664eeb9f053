/** Fails the build where the core's classes and `layout.ts` disagree, or fields that should not share a cache line. Runs nowhere. */
import { CACHE_LINE, CENTRAL_BASE, M_HELD, ORPHANS_BASE, P_SIZE, SPANS_BASE, SCHED_BASE } from "../../layout";
import {
  CLASS_COUNT,
  Cache,
  G,
  G_BYTES,
  M,
  OWN_STACK_BYTES,
  ObjectCache,
  P,
  P_SAMPLES,
  P_RUNQ,
  Ring,
  Sched,
  CENTRALS_BYTES,
  Gc,
  GC_BYTES,
  ObjectCentral,
} from "../../abi";

/** Compiled, not run: nothing of it is left in the program. */
export function checkLayout(): void {
  // Ms read both with one load.
  if (offsetof<Sched>("state") % 8 != 0 || offsetof<Sched>("attention") != offsetof<Sched>("state") + 4)
    ERROR("Sched.attention");
  if (<i32>offsetof<Sched>() + SCHED_BASE > CENTRAL_BASE) ERROR("Sched is too large");
  if (offsetof<Ring>("written") / CACHE_LINE == offsetof<Ring>("read") / CACHE_LINE)
    ERROR("Ring.written shares a line");
  if (offsetof<M>("mail") / CACHE_LINE == offsetof<M>("lastTurn") / CACHE_LINE) ERROR("M.mail shares a line");
  if (offsetof<M>("mail") / CACHE_LINE == offsetof<M>("mark") / CACHE_LINE) ERROR("M.mail shares a line");
  if (<i32>offsetof<M>() > M_HELD) ERROR("M is too large");
  if (<i32>(CENTRAL_BASE + CLASS_COUNT * 16) > ORPHANS_BASE) ERROR("the Centrals reach into the orphans' caches");
  if (<i32>(ORPHANS_BASE + CLASS_COUNT * offsetof<Cache>()) > SPANS_BASE)
    ERROR("the orphans' caches reach into the span table");
  if (CLASS_COUNT * <i32>offsetof<ObjectCentral>() != CENTRALS_BYTES) ERROR("the ObjectCentrals");
  if (CLASS_COUNT * <i32>offsetof<ObjectCache>() > CENTRALS_BYTES) ERROR("the orphans' caches of objects");
  if (<i32>offsetof<Gc>() > GC_BYTES) ERROR("Gc is too large");
  if (offsetof<P>() > P_RUNQ) ERROR("P's fields reach into its ring");
  if (<i32>(P_SAMPLES + 4 * CLASS_COUNT) > P_SIZE) ERROR("P is too large");
  // Different threads write these at high rates.
  if (offsetof<P>("runqhead") / CACHE_LINE == offsetof<P>("gcount") / CACHE_LINE) ERROR("P.runqhead shares a line");
  if (offsetof<P>("runqtail") / CACHE_LINE == offsetof<P>("runqhead") / CACHE_LINE) ERROR("P.runqtail shares a line");
  if (offsetof<P>("timersLock") / CACHE_LINE == offsetof<P>("runqtail") / CACHE_LINE)
    ERROR("P.timersLock shares a line");
  if (offsetof<M>("park") / CACHE_LINE == offsetof<M>("parks") / CACHE_LINE) ERROR("M.park shares a line");
  if (offsetof<Sched>("npidle") / CACHE_LINE == offsetof<Sched>("lock") / CACHE_LINE)
    ERROR("Sched.npidle shares a line");
  if (offsetof<Sched>("nmspinning") / CACHE_LINE != offsetof<Sched>("npidle") / CACHE_LINE)
    ERROR("Sched.nmspinning and npidle are on different lines");
  if (offsetof<Sched>("epoch") / CACHE_LINE == offsetof<Sched>("lock") / CACHE_LINE) ERROR("Sched.epoch shares a line");
  if (offsetof<Sched>("goidgen") / CACHE_LINE == offsetof<Sched>("npidle") / CACHE_LINE)
    ERROR("Sched.npidle shares a line");
  if (offsetof<G>("waiter0") != CACHE_LINE || offsetof<G>("out") != 2 * CACHE_LINE) ERROR("G's lines");
  if (offsetof<G>("stack0") + OWN_STACK_BYTES != G_BYTES) ERROR("G's own stack");
  if (G_BYTES % CACHE_LINE != 0) ERROR("Gs share lines");
}
