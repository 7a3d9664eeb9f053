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
  /** What those who wait want to know before it: bits of `Survey`, under waitLock. What is just being found out; the collector's. */
  surveys: i32;
  surveying: i32;
  /** Objects are being marked, while the program goes on: what the write barrier looks at. Changes while the world is stopped. */
  marking: i32;
  /** Which cycle it is, 1 or 2 by turns: what `G.scanned` is once its frames have been scanned. */
  cycle: u32;
  /** Work for markers (`memory/work.ts`): the lock, lists of blocks, the block of threads without a P; what there was no memory for. */
  workLock: i32;
  full: usize;
  ran: usize;
  empty: usize;
  orphanGrey: usize;
  lost: i32;
  /** Threads that are marking just now. Atomic. */
  markers: i32;
  /** The next of all Gs whose frames are to be scanned; under workLock. Timers of which Ps are to be visited. */
  nextG: usize;
  nextTimers: i32;
  /** How often this cycle has tried to end (the collector's), and how often goroutines that had run were scanned again before. */
  tries: i32;
  passes: i32;
  /** heapLive when marking began; bytes that it will find, as far as one can tell; bytes found by those who have told. */
  heapAtStart: i64;
  expected: i64;
  told: i64;
  /** Goroutines that wait for the cycle that runs. The collector's. */
  served: usize;
  /** For gctrace: when the cycle began, marking began, the latest stop; what earlier stops have taken. The collector's. */
  began: i64;
  markBegan: i64;
  stoppedAt: i64;
  stopped: i64;
  /** How long the cycle before this took from the begin of marking to its end. The collector's. */
  markTime: i64;
  /** Large objects that have not been swept: the page of the first; its lock. */
  largeLock: i32;
  unsweptLarge: u32;
  /** WeakRefs, cleanups, pins: their lock, the first of each list, the table of pins. */
  weakLock: i32;
  weakRefs: usize;
  cleanups: usize;
  pins: usize;
  /** Nanoseconds of collecting so far. The collector's. */
  busy: i64;
  /** The heap profile (`memory/profile.ts`): bytes from sample to sample, 0 for none; its lock, all samples, the table of sites, all sites. */
  sampling: i32;
  sampleLock: i32;
  samples: usize;
  sites: usize;
  allSites: usize;
  /** What the latest survey of types has counted (`debug/heapprofile.ts`). */
  types: usize;
  /** When the latest collection ended; one is wanted although the heap has not grown. */
  ended: i64;
  forced: i32;
  /** When sysmon looks for pages to give back, the largest i64 if it cannot; whether it is giving some back. sysmon's. */
  nextRelease: i64;
  isReleasing: bool;
}

/** What can be found out by a mark apart from any collection (`gc/survey.ts`). */
export namespace Survey {
  /** Which goroutines wait for what nothing else reaches. */
  export const Leaks: i32 = 1;
  /** How much there is of each class. */
  export const Types: i32 = 2;
}

/** Bits of `Gc.lost`. */
export namespace Lost {
  /** Some object that is grey is not among the work. */
  export const Grey: i32 = 1;
  /** Some goroutine that has run is not among those that have. */
  export const Ran: i32 = 2;
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
