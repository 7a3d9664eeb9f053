/** Memory and threads for the programs beside this file: what `host.ts` and the host do for a whole program. */
import { setM } from "../../../assembly/runtime/base/registers";
import { allm, allp, sched } from "../../../assembly/abi";

/** Words that a program's threads share, a cache line each; above the static data, below the heap. */
const SHARED: usize = 7 << 20;
const HEAP_PAGE: u32 = 128;

/** Prepares memory that is still zero for so many Ps. */
export function setup(procs: i32): void {
  sched.nprocs = procs;
  sched.pageNext = HEAP_PAGE;
  sched.maxPages = memory.size();
  sched.heapBase = (<usize>HEAP_PAGE) << 16;
  for (let i = 0; i < procs; i++) allp(i).id = i;
}

/** Makes the calling thread M `id`, which holds P `p`, or none if that is negative. */
export function become(id: i32, p: i32): void {
  const mp = allm(id);
  mp.id = id;
  mp.rand = <u64>(id + 1) * 0x9e3779b97f4a7c15;
  mp.p = p < 0 ? null : allp(p);
  setM(mp);
}

/** The address of a shared word. */
export function word(index: i32): usize {
  return SHARED + ((<usize>index) << 6);
}

/** Computes for a moment. */
export function spin(turns: i32): void {
  for (let i = 0; i < turns; i++) atomic.load<i32>(SHARED - 64);
}
