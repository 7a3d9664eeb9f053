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
