// Threads that make goroutines and bury them.
import { gfcount, gfget, gfgetOrphan, gfput, gfputOrphan } from "../../../assembly/runtime/goroutine/gs";
import { reservePages } from "../../../assembly/runtime/memory/pages";
import { fastrandn } from "../../../assembly/runtime/base/rand";
import { allp, G, GStatus, Sched, sched } from "../../../assembly/abi";
import { become, setup, word } from "./setup";

const PROCS: i32 = 4;
/** The most goroutines that a thread of `reuse` has at a time. */
const MOST: i32 = 200;

/** A byte for each goroutine number: how often it was given. */
const NUMBERS = 0;
/** Goroutines that two threads had at once. */
const SHARED = 1;

export function prepare(): void {
  setup(PROCS);
  store<usize>(word(NUMBERS), reservePages(64));
}

/** A new goroutine; counts its number, and whether somebody else has it. */
function get(p: i32): G {
  const gp = p < 0 ? gfgetOrphan() : gfget(allp(p));
  atomic.add<u8>(load<usize>(word(NUMBERS)) + <usize>gp.id, 1);
  if (atomic.xchg<u32>(changetype<usize>(gp) + offsetof<G>("status"), GStatus.Running) == GStatus.Running) {
    atomic.add<i32>(word(SHARED), 1);
  }
  return gp;
}

/** Makes `n` goroutines, with a P or (negative) without. */
export function make(id: i32, p: i32, n: i32): void {
  become(id, p);
  for (let i = 0; i < n; i++) get(p);
}

/** Makes some goroutines and buries them, `n` times. */
export function reuse(id: i32, p: i32, n: i32): void {
  become(id, p);
  for (let i = 0; i < n; i++) {
    let mine: G | null = null;
    for (let j = fastrandn(MOST); j > 0; j--) {
      const gp = get(p);
      gp.schedlink = mine;
      mine = gp;
    }
    while (mine) {
      const gp = mine;
      mine = gp.schedlink;
      if (p < 0) gfputOrphan(gp);
      else gfput(allp(p), gp);
    }
  }
}

/** Walks the list of all goroutines until it has `n`; counts the walks that found fewer than the one before. */
export function walk(n: i32): i32 {
  let shrunk = 0;
  for (let seen = 0; seen < n;) {
    const now = all();
    if (now < seen) shrunk++;
    seen = now;
  }
  return shrunk;
}

/** The length of the list of all goroutines. */
export function all(): i32 {
  let n = 0;
  let gp = changetype<G | null>(atomic.load<usize>(changetype<usize>(sched) + offsetof<Sched>("allgs")));
  while (gp) {
    n++;
    gp = gp.alllink;
  }
  return n;
}

/** The length of a list of dead goroutines. */
function dead(first: G | null): i32 {
  const most = all();
  let n = 0;
  let gp = first;
  while (gp && n <= most) {
    n++;
    gp = gp.schedlink;
  }
  return n;
}

/** How many dead goroutines wait for reuse, on the Ps or for all; -1 if the lists are not as long as they claim. */
export function buried(): i32 {
  let n = dead(sched.gfree);
  let batch = sched.gbatches;
  while (batch) {
    n += dead(batch);
    batch = changetype<G | null>(batch.task);
  }
  if (n != sched.gfreeCount) return -1;
  for (let i = 0; i < PROCS; i++) {
    const pp = allp(i);
    const onP = dead(pp.gfree) + dead(pp.gspare);
    if (onP != gfcount(pp)) return -1;
    n += onP;
  }
  return n;
}

/** How many goroutine numbers were given `times` times. */
export function numbers(times: i32): i32 {
  let n = 0;
  for (let at = load<usize>(word(NUMBERS)), end = at + (64 << 16); at < end; at++) if (<i32>load<u8>(at) == times) n++;
  return n;
}

export function shared(): i32 {
  return load<i32>(word(SHARED));
}
