/**
 * The heap profile by the place of allocation: a sample of all objects, each with the stack that made it. After Go's MemProfileRate.
 *
 * Each byte that is allocated is sampled with the same small probability, independently of all others, so that the distance between
 * samples is exponentially distributed with the mean `gc.sampling`; an object is sampled if one of its bytes is, and stands for as many
 * as are to be expected for one such sample. Of each class each P
 * counts down to the next byte (`samplesOf`). The run of cells that it allocates from is cut where that is due, so the object is the first of
 * a run, and is seen where a run is looked for; the usual allocation knows nothing of this.
 *
 * A sample is kept with the address of its cell. When a mark is complete, and before any cell is swept, those whose cells are not marked are
 * taken off what is live of their sites.
 *
 * Threads without a P are left out: they hold a lock as they allocate.
 *
 * On a thread that has a P; `dropSamples` with the world stopped.
 */
import { STACK_TEXT_MAX } from "../../layout";
import { hostTraceback } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { fastrand } from "../base/rand";
import { addressOf, allp, CLASS_COUNT, gc, P, samplesOf, sched } from "../../abi";
import { malloc, mfree } from "./malloc";
import { isMarked } from "./mark";
import { OBJECT_HEADER } from "./objects";

/** How many objects and bytes were, and are, allocated at a place, estimated from samples. */
@unmanaged
class Figures {
  objects: f64;
  bytes: f64;
  liveObjects: f64;
  liveBytes: f64;
}

/** A stack on which objects were allocated; its text, of UTF-8, follows. */
@unmanaged
export class Site extends Figures {
  /** The next of all, and of those with the same lower bits of `hash`. */
  all: Site | null;
  next: Site | null;
  hash: u32;
  length: i32;
  // What the figures were at the latest survey (a Figures); what they are, which comes first, is under gc.sampleLock.
  private then0: f64;
  private then1: f64;
  private then2: f64;
  private then3: f64;
}

/** The figures of a site at the latest survey. */
export function surveyedOf(site: Site): Figures {
  return changetype<Figures>(changetype<usize>(site) + offsetof<Site>("then0"));
}


@unmanaged
class Sample {
  next: Sample | null;
  site: Site;
  cell: usize;
  bytes: usize;
}

const BUCKETS: usize = 1024;

/** From now on objects are sampled, one each `mean` bytes. On M0, before anything runs. */
export function initSampling(mean: i32): void {
  gc.sampling = mean;
  gc.sites = malloc(BUCKETS * sizeof<usize>());
  memory.fill(gc.sites, 0, BUCKETS * sizeof<usize>());
  for (let i = 0; i < sched.nprocs; i++) startSampling(allp(i));
}

/** A P is new. */
export function startSampling(pp: P): void {
  if (gc.sampling == 0) return;
  for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) store<u32>(samplesOf(pp, sizeClass), draw());
}

/** Bytes up to the next sample; at least 1. */
function draw(): u32 {
  const uniform = (<f64>fastrand() + 1) / 4294967296;
  return <u32>min<f64>(-NativeMath.log(uniform) * <f64>gc.sampling + 1, u32.MAX_VALUE);
}

/** How many bytes a run of `sizeClass` may have, of `most` that it could: it ends before the next sample, and has that alone. */
export function untilSample(pp: P, sizeClass: i32, size: usize, most: usize): usize {
  const left = <usize>load<u32>(samplesOf(pp, sizeClass));
  return left <= size ? size : min(most, ((left - 1) / size) * size);
}

/** A run was taken, whose first cell is about to be allocated. */
export function noteRunTaken(pp: P, sizeClass: i32, size: usize, cell: usize, bytes: usize): void {
  const at = samplesOf(pp, sizeClass);
  const left = <usize>load<u32>(at);
  if (left > size) {
    store<u32>(at, <u32>(left - bytes));
    return;
  }
  store<u32>(at, draw());
  sample(cell, size);
}

/** A large object was allocated. */
export function noteLarge(cell: usize, bytes: usize): void {
  if (<usize>draw() <= bytes) sample(cell, bytes);
}

function sample(cell: usize, bytes: usize): void {
  const text = malloc(STACK_TEXT_MAX);
  const length = min(hostTraceback(text, STACK_TEXT_MAX), STACK_TEXT_MAX);
  const it = changetype<Sample>(malloc(offsetof<Sample>()));
  it.cell = cell;
  it.bytes = bytes;
  const fresh = changetype<Site>(malloc(offsetof<Site>() + length));
  memory.fill(changetype<usize>(fresh), 0, offsetof<Site>());
  memory.copy(changetype<usize>(fresh) + offsetof<Site>(), text, length);
  fresh.hash = hashOf(text, length);
  fresh.length = length;
  mfree(text);
  lock(addressOf(gc.sampleLock));
  const site = siteLike(fresh);
  const objects = weightOf(bytes);
  site.objects += objects;
  site.bytes += objects * <f64>bytes;
  site.liveObjects += objects;
  site.liveBytes += objects * <f64>bytes;
  it.site = site;
  it.next = changetype<Sample | null>(gc.samples);
  gc.samples = changetype<usize>(it);
  unlock(addressOf(gc.sampleLock));
  if (site != fresh) mfree(changetype<usize>(fresh));
}

/** How many objects of so many bytes there are for each that is sampled. */
function weightOf(bytes: usize): f64 {
  return 1 / (1 - NativeMath.exp(-(<f64>bytes) / <f64>gc.sampling));
}

/** FNV-1a. */
function hashOf(text: usize, length: i32): u32 {
  let hash: u32 = 2166136261;
  for (let i = 0; i < length; i++) hash = (hash ^ load<u8>(text + i)) * 16777619;
  return hash;
}

/** The site with the same text, which may be this one from now on. */
function siteLike(fresh: Site): Site {
  const bucket = gc.sites + (fresh.hash & (<u32>BUCKETS - 1)) * sizeof<usize>();
  const first = load<Site | null>(bucket);
  let site = first;
  while (site) {
    if (site.hash == fresh.hash && site.length == fresh.length && hasSameText(site, fresh)) return site;
    site = site.next;
  }
  fresh.next = first;
  fresh.all = changetype<Site | null>(gc.allSites);
  store<usize>(bucket, changetype<usize>(fresh));
  gc.allSites = changetype<usize>(fresh);
  return fresh;
}


@inline
function hasSameText(a: Site, b: Site): bool {
  const text = offsetof<Site>();
  return memory.compare(changetype<usize>(a) + text, changetype<usize>(b) + text, a.length) == 0;
}

/** A survey: writes down how things are now. */
export function surveySites(): void {
  let site = changetype<Site | null>(gc.allSites);
  while (site) {
    memory.copy(changetype<usize>(surveyedOf(site)), changetype<usize>(site), offsetof<Figures>());
    site = site.all;
  }
}

/** A mark is complete: forgets the samples of objects that were not found. */
export function dropSamples(): void {
  let link = addressOf(gc.samples);
  let it = changetype<Sample | null>(gc.samples);
  while (it) {
    const next = it.next;
    if (isMarked(it.cell + OBJECT_HEADER)) {
      link = changetype<usize>(it) + offsetof<Sample>("next");
    } else {
      store<usize>(link, changetype<usize>(next));
      const objects = weightOf(it.bytes);
      it.site.liveObjects -= objects;
      it.site.liveBytes -= objects * <f64>it.bytes;
      mfree(changetype<usize>(it));
    }
    it = next;
  }
}
