/**
 * Where everything lives in the shared linear memory, and the tunables of the scheduler.
 *
 * This file is compiled twice: by AssemblyScript into the core and by TypeScript into the host, so it holds plain
 * constants only. The core checks at compile time that its classes (`abi/`) agree with the offsets given here.
 *
 * ```
 * 0          null zone, never mapped to anything, kept zero
 * 1024       Sched             the scheduler's global state
 * 2560       Centrals          what the Ps share of the allocator's size classes
 * 3200       orphans           the allocator's caches for threads without a P
 * 4096       span table        4 bytes for each 64 KiB page of the address space (allocator)
 * 266240     Ps                MAX_PROCS x P_SIZE
 * 1314816    Ms                MAX_THREADS x M_SIZE
 * 6557696    static data       string literals and shared variables, placed by the compiler
 * heapBase   heap              spans of the allocator, to the end of memory
 * ```
 */

/** The version of the contract between a compiled program and the host; a mismatch is refused at load time. */
export const ABI_VERSION = 4;

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
/** i32, one of `HOST_*`. Written by the main thread; who wakes it from HOST_BLOCKED makes it HOST_AWAKE. */
export const SCHED_HOST_ASLEEP = SCHED_BASE + 32;
/** i32, bumped and notified when there are requests for the I/O thread, or the program ends. */
export const SCHED_IO_WAKE = SCHED_BASE + 36;

/** The allocator's Centrals, 16 bytes for each of 38 size classes. */
export const CENTRAL_BASE = 2560;
/** Its caches for threads without a P, 16 bytes for each size class. */
export const ORPHANS_BASE = 3200;

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
/** The numbers of the Ms that sysmon's thread and the I/O thread are; no M of the program has them. */
export const SYSMON_M = MAX_THREADS - 1;
export const IO_M = MAX_THREADS - 2;

/** Pages of 64 KiB in an M's scratch buffer: no less than the native stack that the host gives its threads. */
export const SCRATCH_PAGES = 68;

/** Offsets in an M that the host reads for `stats()`; all are u64 counters written by that M alone. */
export const M_GOROUTINES = 64;
export const M_SWITCHES = 72;
export const M_STEALS = 80;
export const M_PARKS = 88;

/** usize, where an M's events are while they are traced (`trace.ts`), or 0. Written under sched.lock. */
export const M_TRACE_RING = 96;

/** Offsets in an M of what its thread's JavaScript shares with the core; `abi/m.ts` says what they mean. All are i32. */
export const M_MAIL = 192;
export const M_MARK = 256;
export const M_OWED = 260;
export const M_GEN = 264;
export const M_WAIT_US = 268;
export const M_LAST_WORDS = 272;
export const M_PARK = 128;
/** In a checked build, the locks that it holds (`lockrank.ts`). */
export const M_HELD = 448;

/** Where the heap begins: behind the static data; at 2 GiB; at the last page of memory, from where it grows downwards. */
export const HEAP_LOW = 0;
export const HEAP_HIGH = 1;
export const HEAP_TOP = 2;

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

// ---- Tracing (trace.ts) ----------------------------------------------------------------------------------------------

/**
 * Offsets in the ring of an M's events: u32 events that it has room for, a power of two; u32 events that found none and are still to be
 * told of; u32 events written, u32 events read, ever.
 */
export const TRACE_CAPACITY = 0;
export const TRACE_MISSING = 4;
export const TRACE_WRITTEN = 64;
export const TRACE_READ = 128;
export const TRACE_EVENTS = 192;
/** An event: i64 nanotime; i64 the goroutine, 0 for none; i64 what the kind says; u8 kind; u8 reason; i16 the M's P, -1 for none; i32. */
export const TRACE_TIME = 0;
export const TRACE_GOID = 8;
export const TRACE_ARG = 16;
export const TRACE_KIND = 24;
export const TRACE_REASON = 25;
export const TRACE_P = 26;
export const TRACE_EXTRA = 28;
export const TRACE_EVENT_SIZE = 32;

// ---- JavaScript goroutines -------------------------------------------------------------------------------------------

/**
 * The record of a JavaScript goroutine, which serves it from its start until its result has been read. It belongs to the
 * thread that started it, which reuses it. Begins as a note does, since it is posted back as one.
 */
/** i32, one of JS_*; changed by compare-and-swap while it is JS_QUEUED, since it may be cancelled as it is taken. */
export const JSGO_STATE = 8;
/** i32, the M whose mailbox gets the result, and that M's generation. */
export const JSGO_OWNER = 12;
export const JSGO_OWNER_GEN = 16;
/** i32, the owner's number for it. */
export const JSGO_SLOT = 20;
/** usize, the JSFN block of the function. */
export const JSGO_FN = 24;
/** i32, how many of the argument slots are used; JSGO_SPREAD if the first holds them all as an array. */
export const JSGO_ARGC = 28;
/** usize, the G (written by the core). */
export const JSGO_G = 32;
/** i32, the M that runs it (written by the core). */
export const JSGO_MID = 36;
/** f64, the goroutine's number. */
export const JSGO_ID = 40;
/** i32, 1 if JSGO_EXTRA holds a value. */
export const JSGO_HAS_EXTRA = 48;
/** i32, 1 once its M has seen that it is to be cancelled. */
export const JSGO_SEEN = 52;
/** Slots of the codec: what the goroutine carries besides arguments; the result or error; the arguments. */
export const JSGO_EXTRA = 56;
export const JSGO_RESULT = 64;
export const JSGO_ARGS = 72;
export const JSGO_MAX_ARGS = 7;
export const JSGO_SIZE = 128;

/** A request between JavaScript threads: a note, then i32 argument, i32, f64 goroutine number, a slot. */
export const JSREQ_ARG = 8;
export const JSREQ_GEN = 12;
export const JSREQ_ID = 16;
export const JSREQ_VALUE = 24;
export const JSREQ_SIZE = 32;

/** A function that goroutines run: i32 number, i32 kind, i32 bytes of its two texts (UTF-8), a time, flags, the texts. Never freed. */
export const JSFN_INDEX = 0;
export const JSFN_KIND = 4;
export const JSFN_LENGTH1 = 8;
export const JSFN_LENGTH2 = 12;
/** f32, how long it takes, in ns: an average over its latest runs, 0 before the first. Written by whoever runs it. */
export const JSFN_TIME = 16;
/** i32, what is known of it: bits of JSFN_IS_*. Written by whoever finds out. */
export const JSFN_FLAGS = 20;
export const JSFN_TEXT = 24;

// ---- Sockets of the I/O thread (net/stdlib.ts) -----------------------------------------------------------------------

/** A request: its kind, the socket, a block of memory and how many of its bytes count. */
export const IO_KIND = 4;
export const IO_SOCKET = 8;
export const IO_BLOCK = 12;
export const IO_LENGTH = 16;

/** A socket: flags of its address, and its two addresses with their lengths. */
export const STD_FLAGS = 4;
export const STD_LOCAL_LENGTH = 8;
export const STD_REMOTE_LENGTH = 12;
export const STD_LOCAL = 52;
export const STD_REMOTE = STD_LOCAL + 112;

/** A Text is an i32 length in bytes, then UTF-8. */
export const TEXT_BYTES = 4;

// ---- what JavaScript shares between threads (object.ts) -------------------------------------------------------------------

/** Offsets in a HostObject. i32 holders (atomic), kind, the core's object, type of a channel's elements. */
export const HOBJ_REFS = 0;
export const HOBJ_KIND = 4;
export const HOBJ_TARGET = 8;
export const HOBJ_ELEM = 12;
/** u64 key of the thread that holds the lock; i32 its last owner died; i32 done or cancelled. */
export const HOBJ_OWNER = 16;
export const HOBJ_ABANDONED = 24;
export const HOBJ_DONE = 28;
/** usize the object that it belongs to, or 0. */
export const HOBJ_OTHER = 48;
/** A context's slots with its reason, and with a pair of key and value (if HOBJ_ELEM is 1); f64 deadline, 0 for none. */
export const HOBJ_REASON = 64;
export const HOBJ_DEADLINE = 72;
export const HOBJ_VALUE = 80;

/** Offsets in a channel, for looking without a lock. */
export const HCHAN_CLOSED = 4;
export const HCHAN_QCOUNT = 8;
export const HCHAN_DATAQSIZ = 12;

/** Offsets in a semaphore: tickets that are free, and in all. */
export const SEMA_FREE = 4;
export const SEMA_SIZE = 16;

// ---- operations of JavaScript that may wait (operation.ts) --------------------------------------------------------------------

/** Offsets in a record: a note, then these. */
export const OP_CODE = 8;
export const OP_MID = 12;
export const OP_GEN = 16;
export const OP_STATUS = 20;
export const OP_OBJECT = 24;
export const OP_COUNT = 28;
export const OP_INDEX = 32;
export const OP_SLOT = 40;
export const OP_SYNC = 48;
/** The G; everything before it is the record's own. */
export const OP_G = 88;
