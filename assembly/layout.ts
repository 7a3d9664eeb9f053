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

/** The main thread looks at its mailbox by itself. */
export const HOST_AWAKE = 0;
/** It sleeps in its event loop until SCHED_HOST_WAKE is notified, or is about to. */
export const HOST_ASLEEP = 1;
/** It blocks on SCHED_HOST_ASLEEP itself, for a moment. */
export const HOST_BLOCKED = 2;

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

/** The mark of an M's thread: inside the core; in a turn of its event loop; never to come back. Else 4 x goroutine + 1. */
export const MARK_CORE = 0;
export const MARK_TURN = 2;
export const MARK_DOOMED = -1;

/** What `mstart` returns: the thread ends; call again; the event loop goes on until the M is woken; one turn of it. */
export const MSTART_END = 0;
export const MSTART_AGAIN = 1;
export const MSTART_WAIT = 2;
export const MSTART_TURN = 3;

/** What `M.park` says while the M sleeps. */
export const PARKED = -1;

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
/** The program uses the network and cannot call the system: the I/O thread is to be started. */
export const NOTE_START_IO = 17;
/** A JavaScript goroutine has ended; the note is its record (see JSGO_STATE). */
export const NOTE_TASK = 8;
/** To an M: the goroutine JSREQ_ID, which awaits there, is to be cancelled; JSREQ_VALUE is the reason. */
export const NOTE_CANCEL = 9;
/** To an M: the generator JSREQ_ID may yield once more (JSREQ_ARG 0), is to return (1), or nobody wants its values (2). */
export const NOTE_PULL = 10;
/** A generator has yielded; a JSREQ record for the goroutine with the slot JSREQ_ARG. */
export const NOTE_YIELD = 11;
/** Added to the kind of a note whose addressee has gone: the main thread frees it. */
export const NOTE_ORPHAN = 256;

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

/** There was no room for the last ARG events of this M. */
export const TRACE_LOST = 1;
/** The goroutine, or 0 for the host, has started goroutine ARG, whose function is EXTRA (see TRACE_IS_JS). */
export const TRACE_CREATE = 2;
/** The goroutine begins to run, or goes on; EXTRA is its function. */
export const TRACE_RUN = 3;
/** It stops running: REASON is one of STOP_*; if it waits, ARG is a WaitReason. */
export const TRACE_STOP = 4;
/** The goroutine, or 0 for the runtime, has made goroutine ARG runnable. */
export const TRACE_READY = 5;
/** The M has taken P ARG; has given up P ARG; somebody takes P ARG away from the M that is in a blocking call with it. */
export const TRACE_TAKE_P = 6;
export const TRACE_GIVE_P = 7;
export const TRACE_LOSE_P = 8;
/** The goroutine goes into a blocking call; comes out of it. */
export const TRACE_BLOCK = 9;
export const TRACE_UNBLOCK = 10;
/** The M's thread goes to its event loop; comes back. */
export const TRACE_HOST = 11;
export const TRACE_UNHOST = 12;
/** The M begins to stop the world; lets it go on with ARG Ps. */
export const TRACE_STW = 13;
export const TRACE_UNSTW = 14;
/** Goroutine ARG, which awaited, has ended; REASON is STOP_END, or STOP_LOST if its thread has died. */
export const TRACE_END = 15;

/** REASON of CREATE and RUN: EXTRA is the index of a function in the table; the address of a JSFN block. */
export const TRACE_IS_WASM = 0;
export const TRACE_IS_JS = 1;

export const STOP_END = 0;
/** It yields. */
export const STOP_YIELD = 1;
/** It was preempted. */
export const STOP_PREEMPT = 2;
/** It comes out of a blocking call and there is no P for it. */
export const STOP_NO_P = 3;
export const STOP_WAIT = 4;
/** Its thread has died. */
export const STOP_LOST = 5;

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
export const JSGO_SPREAD = 255;

export const JS_QUEUED = 0;
export const JS_RUNNING = 1;
/** It awaits a promise. */
export const JS_WAITING = 2;
export const JS_DONE = 3;
export const JS_FAILED = 4;
/** It was cancelled before it ran. */
export const JS_CANCELLED = 5;
/** Its M died; JSGO_RESULT is the address of a Text that says why, which the owner frees. */
export const JS_LOST = 6;

/** What `run_js` returns: the result is in the record; it awaits; its module is being loaded, `js_ready` will queue it again. */
export const RUNJS_DONE = 0;
export const RUNJS_AWAIT = 1;
export const RUNJS_LOADING = 2;

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
/** It returns promises. */
export const JSFN_IS_ASYNC = 1;
/** It has blocked its thread. */
export const JSFN_IS_BLOCKING = 2;
export const JSFN_TEXT = 24;
/** The first text is the function's source; or a module's URL, the second the name of its export. */
export const JSFN_SOURCE = 0;
export const JSFN_MODULE = 1;

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

// ---- what JavaScript shares between threads (hostobj.ts) -------------------------------------------------------------------

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

/** Kinds. */
export const HOST_CHAN = 1;
export const HOST_MUTEX = 2;
export const HOST_RWMUTEX = 3;
export const HOST_WAITGROUP = 4;
export const HOST_SEMAPHORE = 5;
export const HOST_ONCE = 6;
export const HOST_COND = 7;
export const HOST_CONTEXT = 8;
/** A block of bytes. */
export const HOST_BYTES = 9;
/** To the core a semaphore. */
export const HOST_POOL = 10;
/** A SharedArrayBuffer, which the main thread keeps; the core only counts. */
export const HOST_SHARED = 11;

/** Types of a channel's elements: any value in a slot of the codec; f64; i32; i64; Uint8Array objects of AssemblyScript. */
export const ELEM_ANY = 0;
export const ELEM_F64 = 1;
export const ELEM_I32 = 2;
export const ELEM_I64 = 3;
export const ELEM_BYTES = 4;

/** Offsets in a channel, for looking without a lock. */
export const HCHAN_CLOSED = 4;
export const HCHAN_QCOUNT = 8;
export const HCHAN_DATAQSIZ = 12;

/** Offsets in a semaphore: tickets that are free, and in all. */
export const SEMA_FREE = 4;
export const SEMA_SIZE = 16;

// ---- operations of JavaScript that may wait (hostop.ts) --------------------------------------------------------------------

/** A note: an operation is over. */
export const NOTE_OP = 20;
/** To the main thread: a message has come through the port of some M. */
export const NOTE_PORT = 21;

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

/** What is to be done. */
export const OP_SEND = 1;
export const OP_RECV = 2;
export const OP_SELECT = 3;
export const OP_LOCK = 4;
export const OP_READ = 5;
export const OP_WAITGROUP = 6;
export const OP_SEMAPHORE = 7;
export const OP_COND = 8;

/** How it ended; 0 is not yet. */
export const OP_DONE = 1;
/** The channel was closed: nothing was sent; or nothing was left to receive. */
export const OP_CLOSED = 2;
export const OP_CANCELLED = 3;
/** The lock is held, but its last holder's thread died holding it. */
export const OP_ABANDONED = 4;
/** Select: a receive found its channel closed and drained. */
export const OP_DRAINED = 5;

/** OP_SYNC of a thread that blocks: it looks at the word; it sleeps on it; the operation is over. */
export const OP_AWAITED = 1;
export const OP_ASLEEP = 2;
export const OP_RELEASED = 3;
