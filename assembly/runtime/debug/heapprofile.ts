/**
 * The heap profile: what is live of each class, which a survey counts (`gc/survey.ts`), and the samples of where objects were allocated
 * (`memory/profile.ts`), as a text for the host, which knows the names.
 *
 * `countTypes` with the world stopped; the rest on a goroutine, which is not switched out here.
 */
import { lock, unlock } from "../base/lock";
import { addressOf, gc } from "../../abi";
import { malloc, mallocSize, mfree } from "../memory/malloc";
import { nextMarked } from "../memory/mark";
import { dropSamples, Site, surveyedOf, surveySites } from "../memory/profile";


@unmanaged
class TypeCount {
  objects: i64;
  bytes: i64;
}

/** How many classes the program has. Behind them is counted what is of none: records of tasks. */
@inline
function classCount(): u32 {
  return load<u32>(__rtti_base);
}


@inline
function countAt(id: u32): TypeCount {
  return changetype<TypeCount>(gc.types + <usize>id * offsetof<TypeCount>());
}

/** Makes room for what the next survey counts; once. */
export function makeTypeCounts(): void {
  if (gc.types != 0) return;
  const counts = malloc(<usize>(classCount() + 1) * offsetof<TypeCount>());
  if (atomic.cmpxchg<usize>(addressOf(gc.types), 0, counts) != 0) mfree(counts);
}

/** All that is reachable is marked: counts it, and writes down what is known of where it was allocated. */
export function countTypes(): void {
  memory.fill(gc.types, 0, <usize>(classCount() + 1) * offsetof<TypeCount>());
  for (let cell = nextMarked(0); cell != 0; cell = nextMarked(cell)) {
    const it = countAt(min(load<u32>(cell), classCount()));
    it.objects++;
    it.bytes += mallocSize(cell);
  }
  if (gc.sampling == 0) return;
  dropSamples();
  surveySites();
}


@inline
function whole(estimate: f64): i64 {
  return <i64>nearest<f64>(estimate);
}

/**
 * The profile: a line `rate N` with the mean distance between samples; a line `type ID OBJECTS BYTES` for each class of which there is
 * anything; and for each stack `site OBJECTS BYTES LIVE-OBJECTS LIVE-BYTES`, with its frames behind it.
 */
export function heapProfileText(): string {
  const parts = new Array<string>();
  parts.push(`rate ${gc.sampling}\n`);
  for (let id: u32 = 0; id <= classCount(); id++) {
    const it = countAt(id);
    if (it.objects != 0) parts.push(`type ${id} ${it.objects} ${it.bytes}\n`);
  }
  lock(addressOf(gc.sampleLock));
  let site = changetype<Site | null>(gc.allSites);
  unlock(addressOf(gc.sampleLock));
  while (site) {
    const it = surveyedOf(site);
    if (it.objects != 0) {
      parts.push(`site ${whole(it.objects)} ${whole(it.bytes)} ${whole(it.liveObjects)} ${whole(it.liveBytes)}\n`);
      parts.push(String.UTF8.decodeUnsafe(changetype<usize>(site) + offsetof<Site>(), site.length));
    }
    site = site.all;
  }
  return parts.join("");
}
