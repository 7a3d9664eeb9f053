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
export const ABI_VERSION = 5;

/** Bytes that threads exchange between caches at a time; fields written by different threads keep this distance. */
export const CACHE_LINE = 64;

// ---- Sched and the allocator's -----------------------------------------------------------------------------------------

export const SCHED_BASE = 1024;

/** The allocator's Centrals, 16 bytes for each of 38 size classes. */
export const CENTRAL_BASE = 2560;
/** Its caches for threads without a P, 16 bytes for each size class. */
export const ORPHANS_BASE = 3200;

// ---- Ps and Ms -------------------------------------------------------------------------------------------------------

export const SPANS_BASE = 4096;

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

/** In a checked build, the locks that it holds (`lockrank.ts`). */
export const M_HELD = 448;

/** Where the heap begins: behind the static data; at 2 GiB; at the last page of memory, from where it grows downwards. */
export const HEAP_LOW = 0;
export const HEAP_HIGH = 1;
export const HEAP_TOP = 2;

// ---- tunables ----------------------------------------------------------------------------------------------------------
//
// What any of these could be without anything becoming wrong. Times are in ns where the name says nothing else. "Go's" are Go's own
// values, whose reasons hold here; the others say where they come from. The allocator's are in `runtime/memory/malloc.ts`, with the table
// that they follow from; a run queue's length, which a checked build changes, in `abi/p.ts`.

// Threads that have nothing to run, and sysmon.

/** Looks at a lock before sleeping: some 2 µs, more than any critical section takes while its holder has a core. */
export const LOCK_SPINS = 200;
/** Looks at `M.park` before sleeping: some 10 µs, less than it costs to be woken from sleep. */
export const PARK_SPINS = 2000;
/**
 * The same for an M whose latest goroutine was a quick JavaScript function: the next may be started by whoever has waited for that
 * one's result, whose event loop takes some time for it.
 */
export const JS_PARK_SPINS = 8000;
/** The same for an M that has stopped for who stops the world, in ns: as long as a small heap takes to be marked. */
export const STOPPED_SPIN = 150_000;
/**
 * Where either is in vain, the two threads may even share a processor: each time that it was, it is left out twice as often as before, up to 2 to
 * the power of this.
 */
export const SPINS_IN_VAIN = 6;
/** How often an M goes round all Ps before it gives up stealing; on the last round it takes runnext too. Go's. */
export const STEAL_ROUNDS = 4;
/** How long a thief leaves runnext to a P that runs. Go's; the system makes some 60 µs of it, there as here. */
export const RUNNEXT_PATIENCE = 3_000;
/** Idle Ms beyond the number of Ps end after so long: what needed them comes back within seconds, or not soon. */
export const IDLE_M_MAX = 5_000_000_000;
/** sysmon's sleep, the shortest and the longest, and after how many in vain it becomes longer. Go's. */
export const SYSMON_MIN = 20_000;
export const SYSMON_MAX = 10_000_000;
export const SYSMON_IDLE_TURNS = 50;
/** How long sysmon dozes when all Ps are idle but something has run lately: long beside a request, short beside a slice. */
export const SYSMON_DOZE = 2_000_000;
/** How long the event loop of sysmon's thread waits for a turn: only deaths of threads are told there. */
export const SYSMON_LOOP_TURN = 1_000_000_000;
/** When there is no other reason to, objects are collected after so long, for what is to happen when one is gone. Go's. */
export const FORCE_GC_PERIOD = 120_000_000_000;
/** How often sysmon looks for free pages to give back to the system. */
export const RELEASE_LOOK = 1_000_000_000;
/** Pages that are given back at a time, which takes some 100 µs, and the pause between two times: 400 MB a second. */
export const RELEASE_PAGES = 32;
export const RELEASE_PAUSE = 5_000_000;
/** For fewer pages than that, 16 MB, it is not begun: to load what calls C takes as much as they are worth. */
export const RELEASE_LEAST = 256;
/** How long who stops the world looks before it sleeps, in ns: longer than most ways to a safepoint take. */
export const STOP_SPIN = 20_000;
/** How long who stops the world waits before it asks again: a request is lost if the M changed goroutines meanwhile. */
export const STOP_ASK_AGAIN = 100_000;

// Turns.

/** Every so many turns the global queue comes first, so that two goroutines readying each other cannot starve it. Go's. */
export const GLOBAL_TICKS = 61;
/** Turns between looks at the clock, a power of two: a call into JavaScript costs as much as a turn. */
export const CLOCK_TURNS = 4;
/** A goroutine's time slice. Go's. */
export const SLICE = 10_000_000;
/** How soon after a request to yield sysmon looks whether the next goroutine runs: its slice counts from then. */
export const SUCCESSOR = 100_000;
/** How long a timer may be overdue on a P before the goroutine that runs there is asked to yield. */
export const TIMER_OVERDUE = 1_000_000;
/** Goroutines that `schedule` runs before it returns, for V8 to put its optimised form in place: some 0.1 ms of short ones. */
export const MSTART_TURNS = 4096;
/** Dead Gs that move together; a P keeps twice as many. Go's. */
export const G_BATCH = 32;
/** Goroutine numbers that a P takes at a time. Go's. */
export const GOID_BATCH = 16;
/** A goroutine's stack buffer is so long, or a multiple; it is given up for a smaller one when four times too long. */
export const STACK_QUANTUM = 32;
/** A dead G gives up a stack buffer larger than this: most parked stacks take some tens of bytes. */
export const STACK_KEPT = 512;

// What goroutines wait at.

/** A waiter of a Mutex that has waited longer has the next ones queue. Go's. */
export const STARVATION = 1_000_000;
/** Rounds that a newcomer to a Mutex spins, and loads in a round: together some 300 ns. Longer was no faster, on two cores. */
export const MUTEX_ROUNDS = 4;
export const MUTEX_LOADS = 120;
/** Entries of a P's heap of timers, and cases of a Select, when the first comes; both double. */
export const TIMERS_FIRST = 16;
export const SELECT_FIRST = 4;

// JavaScript.

/** Functions that take less are quick: less than it takes to wake another thread for the next one. */
export const JS_QUICK = 20_000;
/**
 * A function that takes longer counts as a time slice used up: the P's own queue and the global queue then come by turns,
 * or the global one would wait for sixty such functions.
 */
export const JS_LONG = 1_000_000;
/** Work that is left to the Ms which are awake: what it takes to wake one. */
export const JS_BACKLOG = 50_000;
/** A busy thread's finalizers get a turn of its event loop after so long: what they give back is not needed at once. */
export const JS_FINALIZERS = 50_000_000;
/** How long a JavaScript function keeps its P that computes, and one of which that is not known (`keepsP`). */
export const JS_COMPUTING_PATIENCE = 250_000_000;
export const JS_UNKNOWN_PATIENCE = 100_000_000;
/** How often sysmon looks whether a thread computes: by then its processor time tells. */
export const JS_SAMPLE = 20_000_000;
/** How long an M whose JavaScript waits for something may go without a turn of its event loop. */
export const LOOP_SLICE = 1_000_000;
/** An M in its event loop that is to look after the network does so this often, in µs: it cannot block in the poller. */
export const LOOP_POLL_US = 1000;

// The network.

/** The network is looked at when nobody has for so long. Go's. */
export const POLL_AGE = 10_000_000;
/** Events that one poll takes. Go's. */
export const POLL_EVENTS = 128;
/** How long a poll blocks at most, in ms: a thread of the host cannot be ended while it is inside a foreign call. */
export const POLL_BLOCK_MS = 1000;
/** How long a thread that cannot poll sleeps instead. */
export const CANNOT_POLL = 1_000_000;
/** Bytes of one system call, at most. Go's. */
export const IO_CHUNK = 1 << 30;
/** How long accept waits when there are too many open files, at first and at most: after net/http's. */
export const ACCEPT_BACKOFF_MIN = 5_000_000;
export const ACCEPT_BACKOFF_MAX = 100_000_000;
/** Descriptors that connections leave for threads to begin with: Deno's takes some ten, and is not started with fewer than 16. */
export const THREAD_FILES = 20;
/** How long to wait for room in the backlog of a unix listener, of which no event tells: at first, and in all. */
export const BACKLOG_PAUSE = 1_000_000;
export const BACKLOG_PATIENCE = 4_000_000_000;
/** Bytes under way, with the runtime's own sockets, beyond which the other end, or the goroutine, has to wait; and until when. */
export const STD_HIGH = 256 * 1024;
export const STD_LOW = 64 * 1024;

// Text.

/** A line that is not finished after this many bytes goes out in pieces. */
export const LINE_MAX = 1 << 20;
/** Bytes of standard input that are read at a time: what a pipe holds. */
export const STDIN_CHUNK = 65536;
/** Bytes of a stack's text, and of a system error's, that are kept. */
export const STACK_TEXT_MAX = 16384;
export const ERROR_TEXT_MAX = 256;
/** Bytes of a function's source that stand for its name in a report. */
export const NAME_MAX = 96;
/** Goroutines that a report shows; a program may have a million. */
export const SHOWN_MAX = 1000;
/** How long the main thread waits for a thread that is telling the trace something: more only if it has died there. */
export const TRACE_END = 1_000_000_000;

// ---- servers: the policies of skein/serve and of the host's serve --------------------------------------------------------

/** The most loops of a server: who asks for more has mistaken them for connections. */
export const SERVE_LOOPS_MAX = 1024;
/** Bytes of waiting output above which a connection's input is left in the system; what a peer that reads slowly may cost. */
export const SERVE_HIGH_WATER_MARK = 1 << 20;
/** Milliseconds that a connection which closes waits for a peer that takes none of its output: several retransmissions. */
export const SERVE_LINGER_MS = 2000;
/** Idle connections are looked at this many times in the time that they may be: one is closed at most a quarter late. */
export const SERVE_IDLE_CHECKS = 4;
/** Bytes that an InputStream without input keeps room for, at least and at most: a line; and what one large message needed is not kept. */
export const INPUT_KEEP_MIN = 256;
export const INPUT_KEEP_MAX = 65536;

// ---- static data -----------------------------------------------------------------------------------------------------

/** Where the compiler places static data: string literals, then the cells of shared variables. */
export const STATIC_BASE = 6557696;
