/**
 * The work of marking: objects that are *grey*, marked but not yet looked through, and goroutines that have run since their frames were
 * scanned. After Go's mgcwork.go.
 *
 * Each P has a block of either kind of its own, which the thread that holds the P fills and empties without a lock; full blocks go
 * to lists for all (`gc.full`, `gc.ran`), under `gc.workLock`, and who has nothing left takes them from there. So work moves by blocks, and
 * the usual push and pop is a store and a load. Threads without a P fill a block that is under the lock; it is emptied when the world
 * is stopped.
 *
 * Invariant: an entry is put into the block that the thread keeps, never into one that it gives away; so what `newRecord` enters is not
 * taken by another thread, nor by this one, before the goroutine that fills in the record is switched out.
 *
 * An entry is the address of an object, or of a G; or two words, of which the upper is an address + REST: an object of which the part before
 * the lower, as its visitor counts, has been looked through.
 *
 * The blocks are in pages that the limit on memory does not count. Where not even those can be had, `gc.lost` says so, and
 * marking ends with a look through all that is marked (`mark.ts`).
 *
 * Any thread, on either stack; with any locks held but that of the pages.
 */
import { lock, unlock } from "../base/lock";
import { m } from "../base/registers";
import { addressOf, allp, gc, Lost, P, sched } from "../../abi";
import { PAGE_SIZE, reservePages } from "./pages";


@unmanaged
class Block {
  next: usize;
  /** Words that it holds. */
  count: u32;
}

const BLOCK_BYTES: usize = 4096;
const WORDS: u32 = <u32>((BLOCK_BYTES - offsetof<Block>()) / sizeof<usize>());

/** Set in the upper word of an entry of two. */
export const REST: usize = 1;


@inline
function wordAt(block: usize, i: u32): usize {
  return block + offsetof<Block>() + ((<usize>i) << alignof<usize>());
}


@inline
function add(block: usize, word: usize): void {
  const it = changetype<Block>(block);
  store<usize>(wordAt(block, it.count), word);
  it.count++;
}


@inline
function hasRoom(block: usize, words: u32): bool {
  return block != 0 && changetype<Block>(block).count + words <= WORDS;
}

// ---- grey objects ------------------------------------------------------------------------------------------------------

/** Adds an object; with `from`, its rest. False if there is no memory to remember it in. */
function putGrey(object: usize, from: u32): bool {
  const pp = m.p;
  if (!pp) return putGreyOrphan(object, from);
  let block = pp.grey;
  if (!hasRoom(block, 2)) {
    const fresh = takeEmpty();
    if (fresh == 0) return false;
    if (block != 0) giveFull(addressOf(gc.full), block);
    block = pp.grey = fresh;
  }
  addGrey(block, object, from);
  return true;
}


@inline
function addGrey(block: usize, object: usize, from: u32): void {
  if (from == 0) {
    add(block, object);
  } else {
    add(block, from);
    add(block, object | REST);
  }
}

/** Adds an object; where there is no memory for that, `gc.lost` says so. */
export function grey(object: usize): void {
  if (!putGrey(object, 0)) loseGrey();
}

function loseGrey(): void {
  atomic.or<i32>(addressOf(gc.lost), Lost.Grey);
}

/** Adds the rest of an object; for others to take, if they have nothing. */
export function putRest(object: usize, from: u32): bool {
  const pp = m.p;
  if (gc.full != 0 || !pp || sched.nprocs == 1) return putGrey(object, from);
  const block = takeEmpty();
  if (block == 0) return false;
  addGrey(block, object, from);
  giveFull(addressOf(gc.full), block);
  return true;
}

/** Adds an object that nobody is to look through before the world is stopped. */
export function greyLate(object: usize): void {
  if (!putGreyOrphan(object, 0)) loseGrey();
}

function putGreyOrphan(object: usize, from: u32): bool {
  const fresh = takeEmpty();
  lock(addressOf(gc.workLock));
  let block = gc.orphanGrey;
  let spare = fresh;
  if (!hasRoom(block, 2) && fresh != 0) {
    if (block != 0) pushList(addressOf(gc.full), block);
    block = gc.orphanGrey = fresh;
    spare = 0;
  }
  const fits = hasRoom(block, 2);
  if (fits) addGrey(block, object, from);
  if (spare != 0) pushList(addressOf(gc.empty), spare);
  unlock(addressOf(gc.workLock));
  return fits;
}

/** The latest word of the P's block, which it leaves; 0 if nothing is left for this P. */
@inline
export function takeGrey(pp: P): usize {
  const block = pp.grey;
  if (block == 0) return takeGreySlow(pp);
  const it = changetype<Block>(block);
  if (it.count == 0) return takeGreySlow(pp);
  return load<usize>(wordAt(block, --it.count));
}

function takeGreySlow(pp: P): usize {
  if (gc.full == 0) return 0;
  lock(addressOf(gc.workLock));
  const block = popList(addressOf(gc.full));
  if (block != 0 && pp.grey != 0) pushList(addressOf(gc.empty), pp.grey);
  unlock(addressOf(gc.workLock));
  if (block == 0) return 0;
  pp.grey = block;
  return load<usize>(wordAt(block, --changetype<Block>(block).count));
}

/** Has others take what this P has. */
export function shareGrey(pp: P): void {
  const block = pp.grey;
  if (block == 0 || changetype<Block>(block).count == 0) return;
  pp.grey = 0;
  giveFull(addressOf(gc.full), block);
}

/** The same of all Ps, and of threads without a P. While the world is stopped. */
export function gatherGrey(): void {
  for (let i = 0; i < sched.nprocs; i++) shareGrey(allp(i));
  const block = gc.orphanGrey;
  gc.orphanGrey = 0;
  if (block != 0) giveFull(addressOf(gc.full), block);
}

// ---- goroutines that have run ------------------------------------------------------------------------------------------

/** Adds a goroutine that is to be scanned again. */
export function putRan(gp: usize): bool {
  const pp = m.p;
  if (!pp) return putRanOrphan(gp);
  let block = pp.ran;
  if (!hasRoom(block, 1)) {
    const fresh = takeEmpty();
    if (fresh == 0) return false;
    if (block != 0) giveFull(addressOf(gc.ran), block);
    block = pp.ran = fresh;
  }
  add(block, gp);
  return true;
}

function putRanOrphan(gp: usize): bool {
  const block = takeEmpty();
  if (block == 0) return false;
  add(block, gp);
  giveFull(addressOf(gc.ran), block);
  return true;
}

/** There is no memory to remember it in: all are scanned as marking ends. */
export function loseRan(): void {
  atomic.or<i32>(addressOf(gc.lost), Lost.Ran);
}

/** Gives those of all Ps away. While the world is stopped. */
export function gatherRan(): void {
  for (let i = 0; i < sched.nprocs; i++) shareRan(allp(i));
}

/** Gives those of a P away. On its thread, or while the world is stopped. */
export function shareRan(pp: P): void {
  const block = pp.ran;
  pp.ran = 0;
  if (block != 0) giveFull(addressOf(gc.ran), block);
}

/** Takes the list of all that were given away: its first block. */
export function takeRan(): usize {
  lock(addressOf(gc.workLock));
  const first = gc.ran;
  gc.ran = 0;
  unlock(addressOf(gc.workLock));
  return first;
}

/** A word of such a block; 0 if it is used up. */
@inline
export function nextRan(block: usize): usize {
  const it = changetype<Block>(block);
  return it.count == 0 ? 0 : load<usize>(wordAt(block, --it.count));
}

/** The block behind a block that is used up, which is given back. */
export function nextBlock(block: usize): usize {
  const next = changetype<Block>(block).next;
  lock(addressOf(gc.workLock));
  pushList(addressOf(gc.empty), block);
  unlock(addressOf(gc.workLock));
  return next;
}

// ---- lists of blocks ---------------------------------------------------------------------------------------------------

@inline
function pushList(list: usize, block: usize): void {
  changetype<Block>(block).next = load<usize>(list);
  store<usize>(list, block);
}


@inline
function popList(list: usize): usize {
  const block = load<usize>(list);
  if (block != 0) store<usize>(list, changetype<Block>(block).next);
  return block;
}

function giveFull(list: usize, block: usize): void {
  lock(addressOf(gc.workLock));
  pushList(changetype<Block>(block).count == 0 ? addressOf(gc.empty) : list, block);
  unlock(addressOf(gc.workLock));
}

/** An empty block; 0 if there is no memory. */
function takeEmpty(): usize {
  lock(addressOf(gc.workLock));
  let block = popList(addressOf(gc.empty));
  unlock(addressOf(gc.workLock));
  if (block != 0) {
    changetype<Block>(block).count = 0;
    return block;
  }
  const page = reservePages(1);
  if (page == 0) return 0;
  lock(addressOf(gc.workLock));
  for (block = page; block + BLOCK_BYTES < page + PAGE_SIZE; block += BLOCK_BYTES) pushList(addressOf(gc.empty), block);
  unlock(addressOf(gc.workLock));
  changetype<Block>(block).count = 0;
  return block;
}
