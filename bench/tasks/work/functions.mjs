/** What the tasks do: as little as can be checked. Every pool runs these same functions. */

/** A task whose cost is all the pool's. */
export function increment(n) {
  return n + 1;
}

/** Sends a value back. */
export function echo(value) {
  return value;
}

/** Writes to shared memory. */
export function filled(shared) {
  return new Uint8Array(shared).fill(1).length;
}

/** Computes, and lets others of its thread have a turn at times, as asynchronous functions do. */
export async function compute(steps) {
  let sum = 0;
  for (let part = 0; part < 10; part++) {
    for (let i = 0; i < steps; i++) sum = (Math.imul(sum, 31) + i) | 0;
    await null;
  }
  return sum;
}

/** Holds its thread until `count` tasks are at it at once, each on a thread of its own. */
export function meet({ cells, count }) {
  const seen = new Int32Array(cells);
  if (Atomics.add(seen, 0, 1) + 1 === count) {
    Atomics.store(seen, 1, 1);
    Atomics.notify(seen, 1);
  } else {
    Atomics.wait(seen, 1, 0);
  }
  return 1;
}

/** Receives numbers until the channel is closed; their sum. */
export function total(channel) {
  let sum = 0;
  for (;;) {
    const { value, ok } = channel.recvSync();
    if (!ok) return sum;
    sum += value;
  }
}
