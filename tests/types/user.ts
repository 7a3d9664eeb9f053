/**
 * What users see of the types: this is compiled against the declaration files that the package ships, as strictly as can be and
 * without the DOM's types, and not run.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { after, carry, otherwise, recv, send, start } from "skein";
import type { Arrived, Chan, Goroutine, Guard, Received, Runtime, RuntimeStats, SelectCase } from "skein";
import type { Image, Point, Tree } from "./work.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the types are the same. */
function same<A, B>(_areSame: Same<A, B>): void {}

await using rt = await start({ procs: 4, maxThreads: 10, poller: "auto", panic: "isolate" });
const alike: Runtime = rt;
const work = alike.tasks<typeof import("./work.js")>(new URL("./work.js", import.meta.url));
const image: Image = { data: new Uint8Array(1), width: 1 };

// Tasks: arguments and results are those of the function.
const g = rt.go(work.resize, image, 640);
same<typeof g, Goroutine<Image>>(true);
const resized = await g;
same<typeof resized, Image>(true);
const id: number = g.id;
const status: "queued" | "running" | "waiting" | "done" | "failed" | "cancelled" = g.status;
const ended: boolean = g.cancel(new Error("no"));
// @ts-expect-error an argument is of another type
rt.go(work.resize, 1, 2);
// @ts-expect-error an argument is missing
rt.go(work.resize, image);
// @ts-expect-error there is no such function
rt.go(work.none);
// @ts-expect-error this is none
rt.go(work.notAFunction);
const loaded = await rt.go(work.load, "url", { retries: 2 });
same<typeof loaded, Image>(true);
const called = await work.load("url");
same<typeof called, Image>(true);
const byDefault = await rt.go(work.default, new Date());
same<typeof byDefault, string>(true);
await Promise.all([rt.go(work.count), rt.go(work.count, 1, 2, 3), rt.go(work.add, 1), rt.go(work.add, 1, 2)]);
const moved = await rt.go(work.move, 5);
same<typeof moved, Uint8Array>(true);

// Generic functions keep their parameters.
same<Awaited<ReturnType<typeof generic>>, number>(true);
const generic = () => rt.go(work.identity, 5 as number);
const texts2 = await rt.go(work.identity, ["x"]);
same<typeof texts2, string[]>(true);
const paired = await rt.go(work.pair, image, "b");
same<typeof paired, [Image, string]>(true);
const pairedDirectly = await work.pair(1, "b");
same<typeof pairedDirectly, [number, "b"]>(true);
const inPool = await rt.pool(1).submit(work.identity, { a: 1 });
same<typeof inPool, { a: number }>(true);
const withName = await rt.go.with({ name: "n" }, work.identity, true as boolean);
same<typeof withName, boolean>(true);
for await (const repeated of rt.go(work.repeat, "x", 3)) same<typeof repeated, string>(true);
// @ts-expect-error the second is to be a text
rt.go(work.pair, 1, 2);
const parallel = async <T, R>(items: T[], fn: (item: T) => R): Promise<unknown[]> =>
  Promise.all(items.map((item) => rt.go(fn, item)));
void parallel([1], (n) => n);
void rt.go(work.overloaded, "x");

// What arrives is typed as what arrives.
const arrivedPoint = await rt.go(work.point, 1);
same<typeof arrivedPoint, { readonly x: number }>(true);
// @ts-expect-error its methods stay behind
void arrivedPoint.norm;
const arrivedPoints = await work.points();
same<typeof arrivedPoints, Map<string, { readonly x: number }[]>>(true);
const arrivedBuffer = await rt.go(work.buffer);
same<typeof arrivedBuffer, Uint8Array>(true);
const arrivedNested = await rt.go(work.nested);
same<typeof arrivedNested, { readonly body?: Uint8Array; readonly at: Date; tree: Tree }>(true);
const arrivedTree = await rt.go(work.tree, { children: [] });
same<typeof arrivedTree, Tree>(true);
const arrivedAnything = await rt.go(work.anything, 1);
same<typeof arrivedAnything, unknown>(true);
const arrivedError = await rt.go(work.error);
same<typeof arrivedError, RangeError>(true);
const arrivedUnion = await rt.go(work.union, true);
same<typeof arrivedUnion, "a" | undefined | { readonly x: number }>(true);
const arrivedChan = await rt.go((ch: Chan<number>) => ch, rt.chan<number>());
same<typeof arrivedChan, Chan<number>>(true);
const yieldedBuffers = rt.go(function* () {
  yield Buffer.alloc(1);
});
for await (const chunk of yieldedBuffers) same<typeof chunk, Uint8Array>(true);
// A function is no argument.
await rt.go(work.withCallback, 1);
// @ts-expect-error it cannot be sent
void work.withCallback(1, () => {});
// @ts-expect-error nor here
void rt.go(work.needsCallback, () => {});

// Generators: what they yield, and what they return.
for await (const line of rt.go(work.lines, 3)) same<typeof line, string>(true);
const returned = await rt.go(work.lines, 3);
same<typeof returned, number>(true);
for await (const chunk of work.chunks(3)) same<typeof chunk, Uint8Array>(true);
const squares = rt.go(function* (n: number) {
  for (let i = 0; i < n; i++) yield i * i;
}, 3);
for await (const square of squares) same<typeof square, number>(true);

// Functions on the spot.
const sum = await rt.go((a: number, b: number) => a + b, 1, 2);
same<typeof sum, number>(true);
const length = await rt.go(async (text) => text.length, "inferred");
same<typeof length, number>(true);
const nothing: Goroutine<void> = rt.go(() => {});
const signal = new AbortController().signal;
const named = rt.go.with({ signal, transfer: [new ArrayBuffer(1)], name: "n", timeout: 5 }, work.resize, image, 2);
same<typeof named, Goroutine<Image>>(true);
const doubled: number[] = await Promise.all([1, 2].map((n) => rt.go((m: number) => m * 2, n)));

// Channels and select.
const numbers = rt.chan<number>(16);
const texts = rt.chan<string>();
await numbers.send(1);
// @ts-expect-error it carries numbers
await numbers.send("x");
// @ts-expect-error here too
send(texts, 5);
const received = await numbers.recv();
same<typeof received, Received<number>>(true);
if (received.ok) same<typeof received.value, number>(true);
else same<typeof received.value, undefined>(true);
for await (const n of numbers) same<typeof n, number>(true);
const selected = await rt.select([recv(numbers), recv(texts), send(texts, "x"), after(5)]);
same<typeof selected.value, number | string | undefined>(true);
if (selected.index === 0 && selected.ok) same<typeof selected.value, number>(true);
if (selected.index === 1) same<typeof selected.value, string | undefined>(true);
if (selected.index === 3) same<typeof selected.value, undefined>(true);
// @ts-expect-error there are four cases
if (selected.index === 4) void 0;
const first = await rt.select([numbers].map((ch) => recv(ch)));
same<typeof first.value, number | undefined>(true);
await rt.select([recv(null as Chan<number> | null), otherwise]);
const declared: Chan<Image> = rt.chan(1);
void rt.go(work.drain, rt.chan<Image>(1)).then((all) => same<typeof all, Image[]>(true));
const untyped = rt.chan();
same<typeof untyped, Chan<unknown>>(true);

// A channel is of what comes out of it.
const buffers = rt.chan<Buffer>(1);
await buffers.send(Buffer.alloc(1));
same<typeof buffers, Chan<Uint8Array>>(true);
for await (const bytes of buffers) same<typeof bytes, Uint8Array>(true);
const either = await rt.select([recv(buffers), recv(numbers), send(buffers, Buffer.alloc(1))]);
if (either.index === 0 && either.ok) same<typeof either.value, Uint8Array>(true);
// @ts-expect-error it takes no Buffers out
void rt.go((ch: Chan<Buffer>) => void ch, buffers);
const instances = rt.chan<Point>(1);
await instances.send({ x: 1 });
const instance = instances.tryRecv();
// @ts-expect-error its methods stay behind
if (instance.ok) void instance.value.norm;
const functions = rt.chan<() => void>();
// @ts-expect-error a function cannot be sent
await functions.send(() => {});
const nestedChannels = rt.chan<{ readonly reply: Chan<string>; done?(): void }>();
same<typeof nestedChannels, Chan<{ readonly reply: Chan<string> }>>(true);
const holder = <T>(): Chan<Arrived<T>> => rt.chan<T>(1);
same<ReturnType<typeof holder<Buffer>>, Chan<Uint8Array>>(true);
const cases: SelectCase[] = [recv(numbers), otherwise];
const any = await rt.select(cases);
same<typeof any.value, unknown>(true);

// Locks and contexts.
const mutex = rt.mutex();
{
  using _ = await mutex.lock();
  await using pool = rt.pool(2);
  const pooled = await pool.submit(work.resize, image, 2);
  same<typeof pooled, Image>(true);
}
const guard: Guard = await rt.semaphore(3).acquire(2);
guard.unlock();
rt.go(work.primes, numbers, mutex, rt.context().withTimeout(5).withValue("key", 1));
rt.go((wg, once, cond, rw, bytes) => void [wg, once, cond, rw, bytes.view], rt.waitGroup(), rt.once(), rt.cond(mutex), rt.rwmutex(), rt.bytes(4)); // prettier-ignore

// The scheduler, and a program.
rt.procs = 3;
const stats: RuntimeStats = rt.stats();
const line: string = rt.schedtrace();
const code: number = await rt.run(["argument"]);
const result: number | bigint | boolean | undefined = await rt.call("f", 1, 2n, true, numbers);
carry("user", new AsyncLocalStorage<{ name: string }>());
await rt.dump();
await rt.unref().ref().close({ deadline: 5 });

export { code, declared, doubled, ended, id, line, nothing, result, stats, status };
