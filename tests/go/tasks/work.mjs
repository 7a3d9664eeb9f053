// Functions for goroutines of the tests; plain JavaScript, as Node 20 loads no TypeScript.
import { AsyncLocalStorage } from "node:async_hooks";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { carry, context, current } from "skein";

export const notAFunction = 3;
export const identity = (value) => value;
export const add = (a, b) => a + b;
export const all = (...args) => args;
export const thread = () => threadId;

export async function later(ms, value) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
}

export async function immediate(value) {
  return value;
}

export function spin(ms) {
  for (const end = performance.now() + ms; performance.now() < end;);
  return ms;
}

/** Computes until the word is set, for half a minute at most; whether it was. */
export function hold(word) {
  for (const end = performance.now() + 30_000; performance.now() < end;) if (Atomics.load(word, 0) !== 0) return true;
  return false;
}

export function spinThread(ms) {
  spin(ms);
  return threadId;
}

export function forever() {
  for (;;);
}

export function fail(message) {
  const error = new RangeError(message, { cause: new TypeError("the cause") });
  error.code = 42;
  throw error;
}

export async function failLater(message) {
  await later(5);
  throw new SyntaxError(message);
}

export function* count(n) {
  for (let i = 0; i < n; i++) yield i;
  return "end";
}

/** Yields when it did so; leaves a file when it ends. */
export async function* produce(n, file) {
  try {
    for (let i = 0; i < n; i++) yield Date.now();
  } finally {
    if (file !== undefined) writeFileSync(file, "ended");
  }
}

export async function* yieldThenFail() {
  yield 1;
  throw new Error("after one");
}

let loads = 0;
export const countLoads = () => [threadId, ++loads];

export function leave(file) {
  writeFileSync(file, "ran");
}

/** Resolves when its signal aborts, with the reason. */
export async function untilAborted() {
  const { signal } = context();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
}

/** Hears of its cancellation, does something for so long, and then computes for ever. */
export async function foreverOnceAborted(ms) {
  await untilAborted().catch(() => {});
  if (ms > 0) await later(ms);
  for (;;);
}

/** Hears of its cancellation, and ends well. */
export async function onceAborted(value) {
  const { signal } = context();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return value;
}

/** Two goroutines that count themselves, and again when they are cancelled. */
export async function countAborts(heard, isInner = false) {
  if (!isInner)
    current()
      .go(countAborts, heard, true)
      .catch(() => undefined);
  const { signal } = context();
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  Atomics.add(heard, 0, 1);
  await aborted;
  Atomics.add(heard, 0, 1);
  throw signal.reason;
}

/** Never ends, and looks at no signal. */
export async function deaf() {
  await new Promise(() => setInterval(() => undefined, 1000));
}

export async function deafThenForever() {
  await later(1);
  for (;;);
}

export function exit(code) {
  process.exit(code);
}

export async function exitLater(code) {
  await later(1);
  process.exit(code);
}

export async function throwOutside() {
  setTimeout(() => {
    throw new Error("in a timer");
  }, 1);
  await deaf();
}

export async function rejectOutside() {
  void Promise.reject(new Error("for nobody"));
  await deaf();
}

export function exhaust() {
  const hoard = [];
  for (;;) hoard.push(new Array(100_000).fill(hoard.length + 0.5));
}

/** The number that context() gives: at once, after an await, in a function called then. */
export async function ownId() {
  const first = context().id;
  await later(2);
  const second = context().id;
  const third = await (async () => {
    await later(1);
    return context().id;
  })();
  return [first, second, third];
}

export const ownIdNow = () => context().id;

export const ownSignal = () => context().signal.aborted;

/** Adds up by goroutines of its own. */
export async function sum(from, to) {
  if (to - from <= 4) {
    let total = 0;
    for (let i = from; i < to; i++) total += i;
    return total;
  }
  const middle = (from + to) >> 1;
  const work = current().tasks(import.meta.url);
  const [a, b] = await Promise.all([current().go(work.sum, from, middle), current().go(work.sum, middle, to)]);
  return a + b;
}

const ofTheModule = "module";

export async function goByFunction(n) {
  if (n === 0) return [];
  return [ofTheModule, ...(await current().go(goByFunction, n - 1))];
}

export async function goAndFail() {
  await current().go(() => {
    throw new Error("from the inner one");
  });
}

export async function goAndExit() {
  const work = current().tasks(import.meta.url);
  void current().go(work.later, 100);
  await current().go(work.later, 10);
  process.exit(1);
}

/** Dies while it reads a generator, which then returns; that one runs on another thread, as this one is kept busy. */
export async function readAndExit(ends) {
  const values = current().go(endless, ends);
  busy(50);
  for await (const value of values) if (value === 40) process.exit(1);
}

export async function* endless(ends) {
  try {
    for (let i = 0; ; i++) yield i;
  } finally {
    ends.trySend("returned");
  }
}

function busy(ms) {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

/** Dies with a ticket of the pool that a goroutine has, with one that it waits for, and with one of its own. */
export async function submitAndExit(pool, tickets) {
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const ms = "deno" in process.versions ? 4000 : 2000; // Deno takes longer to end a thread
  const wait = (ms, begun) => {
    Atomics.store(begun, 0, 1);
    return new Promise((resolve) => setTimeout(resolve, ms));
  };
  pool.submit(wait, ms, begun).catch(() => undefined);
  for (let i = 0; i < 10; i++) await undefined;
  while (Atomics.load(begun, 0) === 0); // so it runs on another thread
  pool.submit(() => 1).catch(() => undefined);
  await tickets.acquire();
  await later(20);
  process.exit(1);
}

/** Dies with so many bytes. */
export async function allocateAndExit(bytes) {
  const own = current().bytes(bytes);
  own.view[0] = 1;
  await later(1);
  process.exit(own.view[0]);
}

export const block = (word) => Atomics.wait(word, 0, 0);

export async function blockLater(word) {
  await later(1);
  return block(word);
}

/** Starts one that nobody awaits, and returns. */
export function goAndLeave(file) {
  current().go(async (name) => {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(name, "left");
  }, file);
}

const storage = new AsyncLocalStorage();
carry("work", storage);
export const store = async () => {
  await later(1);
  return storage.getStore();
};

export function log(text) {
  console.log(text);
}

/** Sends after some awaiting what `receive`, on whichever thread, blocks for. */
export async function sendLater(channel, n) {
  for (let i = 0; i < n; i++) {
    await later(5);
    await channel.send(i);
  }
}

export function receive(channel, n) {
  const seen = [];
  for (let i = 0; i < n; i++) seen.push(channel.recvSync().value);
  return seen;
}

export function bump(words) {
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
}

export const makeShared = (bytes) => new Int32Array(new SharedArrayBuffer(bytes));

export async function shareOn(n) {
  const work = current().tasks(import.meta.url);
  const words = makeShared(8);
  await Promise.all(Array.from({ length: n }, () => current().go(work.bump, words)));
  return words[0];
}

export const byteAt = (buffer, at) => new Uint8Array(buffer)[at];

export async function talk(port) {
  port.postMessage("ready");
  const message = await new Promise((resolve) => port.once("message", resolve));
  port.close();
  return message;
}
