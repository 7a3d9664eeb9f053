import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { carry, context } from "skein";

const storage = new AsyncLocalStorage();
carry("remote-test", storage);

export const add = (a, b) => a + b;
export const identity = (value) => value;
export const store = () => storage.getStore();

export function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

export async function later(ms, value) {
  await sleep(ms, undefined, { signal: context().signal });
  return value;
}

/** Writes down that it has begun; fails as often as told, counted in the same file. */
export async function flaky(file, failures) {
  appendFileSync(file, `${Date.now()}\n`);
  const { readFileSync } = await import("node:fs");
  const runs = readFileSync(file, "utf8").trim().split("\n").length;
  if (runs <= failures)
    throw Object.assign(new RangeError(`failure ${runs}`, { cause: new TypeError("the cause") }), { code: "E_FLAKY" });
  return runs;
}

export async function note(file, text, ms) {
  appendFileSync(file, `${text}\n`);
  try {
    await sleep(ms, undefined, { signal: context().signal });
  } catch (error) {
    appendFileSync(file, `${text} ended: ${error.name}\n`);
    throw error;
  }
  return text;
}

/** Writes down when it begins and ends; throws as often as told. */
export async function step(file, text, ms, failures = 0) {
  appendFileSync(file, `+${text}\n`);
  await sleep(ms, undefined, { signal: context().signal });
  const { readFileSync } = await import("node:fs");
  const runs = readFileSync(file, "utf8").split(`+${text}\n`).length - 1;
  if (runs <= failures) throw new Error(`failure ${runs}`);
  appendFileSync(file, `-${text}\n`);
  return text;
}

export function die() {
  process.exit(3);
}
