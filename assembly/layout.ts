/**
 * Where everything lives in the shared linear memory, and the tunables of the scheduler.
 *
 * This file is compiled twice: by AssemblyScript into the core and by TypeScript into the host, so it holds plain
 * constants only. The core checks at compile time that its classes agree with the offsets given here (`structs.ts`).
 *
 * ```
 * 0          null zone, never mapped to anything, kept zero
 * 1024       Sched             the scheduler's global state
 * 2560       Centrals          what the Ps share of the allocator's size classes
 * 4096       span table        4 bytes for each 64 KiB page of the address space (allocator)
 * 266240     Ps                MAX_PROCS x P_SIZE
 * 1314816    Ms                MAX_THREADS x M_SIZE
 * 6557696    static data       string literals and shared variables, placed by the compiler
 * heapBase   heap              spans of the allocator, to the end of memory
 * ```
 */

/** The version of the contract between a compiled program and the host; a mismatch is refused at load time. */
export const ABI_VERSION = 1;

/** Bytes that threads exchange between caches at a time; fields written by different threads keep this distance. */
export const CACHE_LINE = 64;

// ---- Sched -----------------------------------------------------------------------------------------------------------

export const SCHED_BASE = 1024;
/** i32, bumped and notified whenever a note is waiting for the main thread. Written by Ms, read by the main thread. */
export const SCHED_HOST_WAKE = SCHED_BASE + 0;
/** i32, the exit code, valid once the state is STATE_EXITED. */
export const SCHED_EXIT_CODE = SCHED_BASE + 4;
/** i32, one of `STATE_*`. Written by whoever ends the program first, read by everybody. */
export const SCHED_STATE = SCHED_BASE + 8;
/** i32, the core's reasons for Ms to pause; right behind the state, so that Ms look at both with one load. */
export const SCHED_ATTENTION = SCHED_BASE + 12;
/** i32, the number of Ms made so far (M ids are 1 … this). */
export const SCHED_MCOUNT = SCHED_BASE + 16;
/** i32, gomaxprocs. */
export const SCHED_NPROCS = SCHED_BASE + 20;
/** i32, pages of 64 KiB the allocator has taken so far. */
export const SCHED_HEAP_PAGES = SCHED_BASE + 24;
/** i32, futex word on which the sysmon thread sleeps. */
export const SCHED_SYSMON_WAKE = SCHED_BASE + 28;

export const STATE_RUNNING = 0;
/** Somebody called exit, or a panic or fatal error is being reported: nothing more is printed by anybody else. */
export const STATE_EXITING = 1;
/** The exit code is valid; the main thread may end the process. */
export const STATE_EXITED = 2;
/** Library form: `close()` was called, Ms return from mstart as soon as they look. */
export const STATE_CLOSING = 3;

/** The allocator's Centrals, 16 bytes for each of 38 size classes. */
export const CENTRAL_BASE = 2560;

// ---- Ps and Ms -------------------------------------------------------------------------------------------------------

export const SPANS_BASE = 4096;
/** Pages of 64 KiB in 4 GiB. */
export const SPANS_LENGTH = 65536;

export const PS_BASE = 266240;
export const P_SIZE = 4096;
/** The limit of gomaxprocs. */
export const MAX_PROCS = 256;

export const MS_BASE = 1314816;
export const M_SIZE = 512;
/** The limit on threads (M0 included), and the default of setMaxThreads. */
export const MAX_THREADS = 10240;

/** Pages of 64 KiB in an M's scratch buffer: no less than the native stack that the host gives its threads. */
export const SCRATCH_PAGES = 68;

/** Offsets in an M that the host reads for `stats()`; all are u64 counters written by that M alone. */
export const M_GOROUTINES = 64;
export const M_SWITCHES = 72;
export const M_STEALS = 80;
export const M_PARKS = 88;

/** Where the compiler places static data: string literals, then the cells of shared variables. */
export const STATIC_BASE = 6557696;

// ---- Tasks -----------------------------------------------------------------------------------------------------------

/** A task is a deferred call: i32 table index of its thunk, i32 size of the whole record, then the arguments. */
export const TASK_THUNK = 0;
export const TASK_SIZE = 4;
export const TASK_ARGS = 8;

// ---- Notes -----------------------------------------------------------------------------------------------------------

/** A note to the main thread: i32 next, i32 kind, i32 a, i32 b. */
export const NOTE_NEXT = 0;
export const NOTE_KIND = 4;
export const NOTE_A = 8;
export const NOTE_B = 12;
export const NOTE_SIZE = 16;

/** Module-level code has run; calls may start. */
export const NOTE_INIT = 1;
/** `a` is the task of a call that returned. */
export const NOTE_CALL = 2;
/** `a` is the task of a call that panicked, or 0 for any other goroutine; `b` the address of a Text. */
export const NOTE_PANIC = 3;
/** main returned, `a` is its exit code. */
export const NOTE_MAIN = 4;
/** The program can never go on, or a limit was hit: `b` is the address of a Text. */
export const NOTE_FATAL = 5;
/** The program called exit, `a` is the code. */
export const NOTE_EXIT = 6;

/** A dump of all goroutines has been written. */
export const NOTE_DUMPED = 7;

/** A goroutine asks for a host name: `a` is the address of its Resolution (`net/addr.ts`). */
export const NOTE_RESOLVE = 16;

/** A Text is an i32 length in bytes, then UTF-8. */
export const TEXT_BYTES = 4;
