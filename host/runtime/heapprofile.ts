/** Reading the core's heap profile (`assembly/runtime/debug/heapprofile.ts`), and showing it. */
import { columns } from "../base/columns.js";
import { framesOf, functionOf } from "../program/stacks.js";

/** What there is of one class. */
export interface HeapType {
  /** As the source spells it: `Node`, `Map<String,Array<i32>>`. */
  readonly name: string;
  readonly objects: number;
  /** With headers, rounded up as they lie in memory. */
  readonly bytes: number;
}

/** What was allocated on one stack, estimated from its samples. */
export interface HeapSite {
  /** The program's functions, the innermost first, each as `name (file:line:column)`; empty for what the runtime allocates itself. */
  readonly stack: readonly string[];
  /** Since the program began. */
  readonly allocatedObjects: number;
  readonly allocatedBytes: number;
  /** What of that is still reachable. */
  readonly liveObjects: number;
  readonly liveBytes: number;
}

/** What the objects of a program are, and where they come from. */
export interface HeapProfile {
  /** All that is reachable, the most bytes first. */
  readonly types: readonly HeapType[];
  /** The most live bytes first; none unless `SKEIN_DEBUG=heapprofile` was set when the runtime started. */
  readonly sites: readonly HeapSite[];
  /** How many bytes there are from sample to sample on average; 0 if none are taken. */
  readonly sampleBytes: number;
}

const ENTRY = /^(rate|type|site) (\d+(?: \d+)*)\n((?:\S.*\n\t.*\n|\.\.\..*\n)*)/gm;

/** @param classes the names of the program's classes, by id */
export function parseHeapProfile(text: string, classes: readonly string[]): HeapProfile {
  const types: HeapType[] = [];
  const sites: HeapSite[] = [];
  let sampleBytes = 0;
  for (const [, kind, numbers = "", frames = ""] of text.matchAll(ENTRY)) {
    const [a = 0, b = 0, c = 0, d = 0] = numbers.split(" ").map(Number);
    if (kind === "rate") {
      sampleBytes = a;
    } else if (kind === "type") {
      // Behind all classes are counted what runs later: the calls given to `go`, to timers, to cleanups.
      types.push({
        name: classes[a] ?? (a === classes.length ? "(calls to be made)" : `class ${a}`),
        objects: b,
        bytes: c,
      });
    } else {
      sites.push({ stack: framesOf(frames), allocatedObjects: a, allocatedBytes: b, liveObjects: c, liveBytes: d });
    }
  }
  types.sort((a, b) => b.bytes - a.bytes);
  sites.sort((a, b) => b.liveBytes - a.liveBytes || b.allocatedBytes - a.allocatedBytes);
  return { types, sites, sampleBytes };
}

/** Rows of each table. */
const ROWS = 30;

/** A profile as tables for the terminal: what is live by class, and by the function that has allocated it. */
export function showHeapProfile({ types, sites, sampleBytes }: HeapProfile): string {
  const total = types.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = types.slice(0, ROWS).map(({ name, objects, bytes }) => [size(bytes), String(objects), name]);
  let text = `heap: ${size(total)} live\n\n` + columns(["live", "objects", "type"], rows, ["right", "right", "left"]);
  if (sampleBytes === 0) return text;
  const functions = [...byFunction(sites)].slice(0, ROWS).map(([name, it]) => {
    const { liveBytes, liveObjects, allocatedBytes, allocatedObjects } = it;
    return [size(liveBytes), String(liveObjects), size(allocatedBytes), String(allocatedObjects), name];
  });
  const headings = ["live", "objects", "allocated", "objects", "function"];
  text += "\n" + columns(headings, functions, ["right", "right", "right", "right", "left"]);
  return text + `\nThe second table is estimated from samples, one each ${size(sampleBytes)}.\n`;
}

/** What each function has allocated itself. */
function byFunction(sites: readonly HeapSite[]): Map<string, Omit<HeapSite, "stack">> {
  const functions = new Map<string, Omit<HeapSite, "stack">>();
  for (const { stack, ...site } of sites) {
    const name = functionOf(stack[0]) ?? "(the runtime)";
    const { liveBytes = 0, liveObjects = 0, allocatedBytes = 0, allocatedObjects = 0 } = functions.get(name) ?? {};
    functions.set(name, {
      liveBytes: liveBytes + site.liveBytes,
      liveObjects: liveObjects + site.liveObjects,
      allocatedBytes: allocatedBytes + site.allocatedBytes,
      allocatedObjects: allocatedObjects + site.allocatedObjects,
    });
  }
  const inOrder = [...functions].sort(
    ([, a], [, b]) => b.liveBytes - a.liveBytes || b.allocatedBytes - a.allocatedBytes,
  );
  return new Map(inOrder);
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
