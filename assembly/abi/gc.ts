/**
 * What all threads share of the collector and of the memory of objects. `runtime/gc/collect.ts` says how it works.
 */
/** Room for Gc, and for 16 bytes of each size class. */
export const GC_BYTES: i32 = 512;
export const CENTRALS_BYTES: i32 = 608;


@unmanaged
export class Gc {
  // ---- side tables; written once, before anything runs
  /** A bit for each 16 bytes of memory: the cell there was found in use by the mark phase. */
  marks: usize;
  /** The same: the cell there was found in use by the last sweep. */
  allocs: usize;
  /** A Span for each page. */
  spans: usize;

  // ---- figures; atomic but where it says otherwise
  /** Bytes of objects that the last mark found, and those handed out since: what the goal is compared with. */
  heapLive: i64;
  /** Bytes of objects handed out and not swept. */
  heapAlloc: i64;
  mallocs: i64;
  frees: i64;
  /** A collection is asked for when heapLive comes to this. Written while the world is stopped, or by who changes a setting. */
  trigger: i64;
  /** Bytes that the latest mark found. Written while the world is stopped. */
  marked: i64;
  /** The latest goal. */
  goal: i64;
  cycles: i64;
  pauseTotal: i64;
  pauseMax: i64;
  released: i64;

  // ---- settings
  /** GOGC; negative for off. */
  percent: i32;
  /** The soft limit, and that of `--max-memory`, in bytes. */
  limit: i64;
  /** A line for each collection. */
  trace: i32;
  /** A collection at each so many allocations; and allocations so far. */
  stress: i32;
  allocations: i32;

  // ---- the collector
  /** Ms that run the program's code without a P. Atomic. */
  users: i32;
  /** Goroutines that wait for a collection that begins after they came: its lock, and a list by schedlink. */
  waitLock: i32;
  waiting: usize;
  /** Threads that are sweeping a span, whose list it has left. Atomic. */
  sweeping: i32;
  /** The world is stopped, and objects are being marked: there is one thread that does. */
  marking: bool;
  /** Large objects that have not been swept: the page of the first; its lock. */
  largeLock: i32;
  unsweptLarge: u32;
  /** WeakRefs, cleanups, pins: their lock, the first of each list, the table of pins. */
  weakLock: i32;
  weakRefs: usize;
  cleanups: usize;
  pins: usize;
  /** Nanoseconds of collecting so far; bytes found by the mark phase that runs. The collector's. */
  busy: i64;
  found: i64;
}

export const gc: Gc = changetype<Gc>(memory.data(GC_BYTES, 64));

/** What there is beside the span table's entry for the first page of a span. */
@unmanaged
export class Span {
  /** The page of the next span in its list; 0 for none. */
  next: u32;
  /** All cells before this address are in use; of the others, those that `allocs` says. */
  allocEnd: usize;
  /** Cells in use. */
  live: u32;
  private pad: u32;
}

/** What all Ps share of the objects of one class; guarded by `lock`. Lists of spans, by their pages. */
@unmanaged
export class ObjectCentral {
  lock: i32;
  /** Swept, with free cells. */
  partial: u32;
  /** Not swept since the last mark. */
  unswept: u32;
  private pad: u32;
}

/** Where they are: 16 bytes for each of 38 classes. */
export const OBJECT_CENTRALS: usize = memory.data(CENTRALS_BYTES, 64);

/** Caches of threads without a P, after those of the Ps; under `sched.orphanLock`. */
export const ORPHAN_OBJECTS: usize = memory.data(CENTRALS_BYTES, 64);
