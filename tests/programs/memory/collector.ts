// What programs see of the collector: gc, weak references, cleanups, figures, settings.
// procs: 1,4
import {
  addCleanup,
  Atomic,
  Chan,
  env,
  gc,
  go,
  gomaxprocs,
  gosched,
  memStats,
  Millisecond,
  Mutex,
  Once,
  Pool,
  println,
  Select,
  setGCPercent,
  setMemoryLimit,
  sleep,
  Timer,
  afterFunc,
  WaitGroup,
  WeakRef,
} from "skein";
import { check, same } from "../expect";

class Thing {
  next: Thing | null = null;
  constructor(public id: i32) {}
}

let held: Thing | null = null;
let raw: usize = 0;
const cleaned = new Atomic<i32>();

// Each in a function of its own, so that no frame of the caller keeps what it has made.
function weak(id: i32): WeakRef<Thing> {
  return new WeakRef<Thing>(new Thing(id));
}

function holdWeakly(id: i32): WeakRef<Thing> {
  const thing = new Thing(id);
  held = thing;
  return new WeakRef<Thing>(thing);
}

function idOf(reference: WeakRef<Thing>): i32 {
  const thing = reference.deref();
  return thing ? thing.id : -1;
}

function cycle(): WeakRef<Thing> {
  const a = new Thing(1);
  const b = new Thing(2);
  a.next = b;
  b.next = a;
  return new WeakRef<Thing>(a);
}

function asNumber(): WeakRef<Thing> {
  const thing = new Thing(3);
  raw = changetype<usize>(thing);
  return new WeakRef<Thing>(thing);
}

function references(): void {
  const gone = weak(1);
  const kept = holdWeakly(2);
  const round = cycle();
  const numbered = asNumber();
  gc();
  check(gone.deref() == null, "an object that nothing reaches is gone");
  check(round.deref() == null, "a cycle that nothing reaches is gone");
  check(raw != 0 && numbered.deref() == null, "an address kept as a number keeps nothing");
  same(idOf(kept), 2, "the object that a variable holds");
  held = null;
  gc();
  check(kept.deref() == null, "an object is gone once its variable is null");
}

function clean(n: i32): void {
  cleaned.add(n);
}

function withCleanups(): void {
  const thing = new Thing(1);
  addCleanup(thing, clean(1));
  addCleanup(thing, clean(10));
  held = new Thing(2);
  addCleanup(held!, clean(100));
}

function cleanups(): void {
  withCleanups();
  gc();
  for (let i = 0; i < 1000 && cleaned.load() != 11; i++) sleep(Millisecond);
  same(cleaned.load(), 11, "each cleanup of what is gone ran once");
  held = null;
  gc();
  gc();
  for (let i = 0; i < 1000 && cleaned.load() != 111; i++) sleep(Millisecond);
  same(cleaned.load(), 111, "and that of what went later");
}

// ---- what a program should not do --------------------------------------------------------------------------------------

function freedByHand(): void {
  const thing = new Thing(7);
  const list = things(100);
  heap.free(changetype<usize>(thing));
  __free(changetype<usize>(list));
  __free(changetype<usize>(list.dataStart));
  for (let i = 0; i < 2000; i++) new Thing(-1); // takes the cells of what was freed wrongly
  gc();
  same(thing.id, 7, "an object freed by hand stays");
  for (let i = 0; i < 100; i++) same(list[i].id, 100 - i, "and so does an array");
}

function cleanOf(thing: Thing): void {
  cleaned.add(thing.id);
}

function withCleanupThatReachesIt(): WeakRef<Thing> {
  const thing = new Thing(1000);
  addCleanup(thing, cleanOf(thing));
  return new WeakRef<Thing>(thing);
}

function cleanCollecting(): void {
  gc();
  cleaned.add(10000);
}

function withCleanupThatCollects(): void {
  addCleanup(new Thing(1), cleanCollecting());
}

function oddCleanups(): void {
  cleaned.store(0);
  const kept = withCleanupThatReachesIt();
  withCleanupThatCollects();
  gc();
  for (let i = 0; i < 1000 && cleaned.load() == 0; i++) sleep(Millisecond);
  gc();
  same(cleaned.load(), 10000, "a cleanup may collect; one that reaches its object is never started");
  check(kept.deref() != null, "and keeps it");
}

function resizes(wg: WaitGroup): void {
  for (let i = 0; i < 20; i++) {
    gomaxprocs(1 + (i % 4));
    gosched();
  }
  wg.done();
}

/** Collections while the world is stopped for something else. */
function resizing(): void {
  const procs = gomaxprocs(0);
  const wg = new WaitGroup();
  wg.add(9);
  go(resizes(wg));
  for (let i = 0; i < 8; i++) go(collects(wg));
  wg.wait();
  gomaxprocs(procs);
}

// ---- places that keep an object ----------------------------------------------------------------------------------------

function waitsWith(thing: Thing, start: Chan<bool>, end: Chan<i32>): void {
  start.recv();
  end.send(thing.id);
}

function sendsThing(ch: Chan<Thing>, id: i32): void {
  ch.send(new Thing(id));
}

function fires(thing: Thing, end: Chan<i32>): void {
  end.send(thing.id);
}

function selects(a: Chan<Thing>, b: Chan<Thing>, id: i32): void {
  const select = new Select();
  select.send(a, new Thing(id));
  select.recv(b);
  select.wait();
}

function things(n: i32): Thing[] {
  const list = new Array<Thing>();
  for (let i = 0; i < n; i++) list.push(new Thing(n - i));
  return list;
}

function byId(a: Thing, b: Thing): i32 {
  if (a.id % 8 == 0) gc();
  return a.id - b.id;
}

class Named {
  constructor(public id: i32) {}
  toString(): string {
    if (this.id % 4 == 0) gc();
    return this.id.toString();
  }
}

function named(n: i32): Named[] {
  const list = new Array<Named>();
  for (let i = 0; i < n; i++) list.push(new Named(i));
  return list;
}

function table(n: i32): Map<string, Thing> {
  const map = new Map<string, Thing>();
  for (let i = 0; i < n; i++) map.set(i.toString(), new Thing(i));
  return map;
}

function places(): void {
  const start = new Chan<bool>();
  const end = new Chan<i32>(8);
  go(waitsWith(new Thing(1), start, end));
  const buffered = new Chan<Thing>(2);
  buffered.send(new Thing(2));
  const sent = new Chan<Thing>();
  go(sendsThing(sent, 3));
  const timer = new Timer(Millisecond);
  afterFunc(20 * Millisecond, fires(new Thing(4), end));
  const a = new Chan<Thing>();
  go(selects(a, new Chan<Thing>(), 5));
  const pool = new Pool(1);
  pool.submit(waitsWith(new Thing(6), start, end));
  sleep(2 * Millisecond);
  for (let i = 0; i < 5; i++) {
    for (let k = 0; k < 2000; k++) new Thing(-1); // takes the cells of what was freed wrongly
    gc();
  }
  start.send(true);
  start.send(true);
  same(
    end.recv() + end.recv() + end.recv(),
    11,
    "a goroutine's frame, a pool's task and a timer's keep their arguments",
  );
  same(buffered.recv().id, 2, "a channel keeps what is in it");
  same(sent.recv().id, 3, "a sender that waits keeps its value");
  same(a.recv().id, 5, "a select that waits keeps the values of its cases");
  check(timer.chan.recv() > 0, "a timer keeps its channel");
  const once = new Once();
  once.do(gc());

  const sorted = things(100).sort(byId);
  for (let i = 0; i < 100; i++) same(sorted[i].id, i + 1, "sorting keeps elements that are in its buffer alone");
  same(named(40).join(",").length, 109, "joining keeps the elements of an array that nothing else refers to");
  const values = table(1000).values();
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i].id;
  same(sum, 499500, "a map keeps its values");
}

// ---- settings and figures ----------------------------------------------------------------------------------------------

function figures(): void {
  const before = memStats();
  for (let i = 0; i < 10000; i++) new Thing(i);
  const after = memStats();
  check(after.mallocs - before.mallocs >= 10000, "mallocs counts objects");
  gc();
  const last = memStats();
  check(last.numGC > before.numGC, "numGC counts collections");
  check(last.frees - before.frees >= 10000, "frees counts objects");
  check(
    last.heapLive > 0 && last.heapAlloc >= 0 && last.heapInUse > 0 && last.heapGoal >= last.heapLive,
    "figures are there",
  );
  check(last.pauseTotal >= last.pauseMax && last.pauseMax > 0, "pauses are counted");

  same(setGCPercent(-1), 100, "GOGC at first");
  const off = memStats().numGC;
  for (let i = 0; i < 100; i++) new Uint8Array(1 << 20);
  if (!env("SKEIN_DEBUG").includes("gcstress")) same(memStats().numGC, off, "nothing is collected with GOGC=off");
  same(setGCPercent(100), -1, "GOGC=off");
  for (let i = 0; i < 100; i++) {
    new Uint8Array(1 << 20);
    gosched();
  }
  check(memStats().numGC > off, "large objects are collected");
  check(memStats().heapInUse < 200 << 20, "and their memory used again");
  const limit = setMemoryLimit(-1);
  same(setMemoryLimit(64 << 20), limit, "the limit before");
  same(setMemoryLimit(limit), 64 << 20, "the limit that was set");
}

function collects(wg: WaitGroup): void {
  gc();
  wg.done();
}

function together(): void {
  const wg = new WaitGroup();
  for (let i = 0; i < 64; i++) {
    wg.add();
    go(collects(wg));
  }
  wg.wait();
  const mutex = new Mutex();
  mutex.lock();
  gc();
  mutex.unlock();
}

function collectsWithoutEnd(): void {
  for (;;) gc();
}

export function main(): void {
  references();
  cleanups();
  freedByHand();
  oddCleanups();
  resizing();
  places();
  figures();
  together();
  for (let i = 0; i < 4; i++) go(collectsWithoutEnd());
  gosched();
  println("ok"); // and the program ends, whatever they do
}
