// Functions for goroutines of the tests; plain JavaScript, as Node 20 loads no TypeScript.
import { writeFileSync } from "node:fs";
import { threadId } from "node:worker_threads";

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
export const countLoads = () => ++loads;
