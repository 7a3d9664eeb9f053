/**
 * The state of the scheduler: G (a goroutine), M (a thread), P (the right to run goroutines, with what that takes: a run
 * queue, timers, allocator caches), `Sched` (what all share), and `Waiter` (a goroutine in some queue).
 *
 * All are `@unmanaged`: plain structs in linear memory. Ps and Ms sit in arrays at addresses given by `layout.ts`; Gs are
 * allocated in chunks and never freed, only reused, so a pointer to a G is always a pointer to a G.
 *
 * Each field says who writes it. "Owner" means the M that runs the G, or holds the P, or the M itself; hand-overs between
 * owners go through an atomic operation on a queue, a status or a lock, which orders the plain fields before it.
 * Fields that different threads write at high rates keep a cache line's distance.
 */
export { addressOf } from "./address";
export * from "./ask";
export * from "./file";
export * from "./g";
export * from "./gc";
export * from "./jsgo";
export * from "./m";
export * from "./net";
export * from "./note";
export * from "./object";
export * from "./op";
export * from "./p";
export * from "./sched";
export * from "./trace";
