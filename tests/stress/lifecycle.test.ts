import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { start } from "../../host/index.js";

const CYCLES = 1000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Left {
  readonly threads: number;
  readonly descriptors: number;
  readonly handles: number;
  readonly heap: number;
}

async function left(): Promise<Left> {
  await delay(200);
  collect();
  collect();
  return {
    threads: readdirSync("/proc/self/task").length,
    descriptors: readdirSync("/proc/self/fd").length,
    handles: process.getActiveResourcesInfo().length,
    heap: process.memoryUsage().heapUsed,
  };
}

async function cycle(): Promise<void> {
  const rt = await start({ procs: 1 });
  const ch = rt.chan<number>(1);
  const g = rt.go(async (ch) => ch.send(1), ch);
  assert.equal((await ch.recv()).value, 1);
  await g;
  await rt.close();
}

it(
  "runtimes that were started and closed leave no threads, descriptors, handles or heap behind",
  { skip: process.platform !== "linux" && "it is counted in /proc" },
  async () => {
    for (let i = 0; i < 10; i++) await cycle();
    const before = await left();
    for (let i = 0; i < CYCLES; i++) await cycle();
    const after = await left();
    assert.ok(after.threads <= before.threads + 2, `${after.threads} threads, ${before.threads} before`);
    assert.ok(after.descriptors <= before.descriptors + 4, `${after.descriptors}, ${before.descriptors} before`);
    assert.ok(after.handles <= before.handles + 2, `${after.handles} handles, ${before.handles} before`);
    // Code that has become warm takes some hundred KB, however many cycles there are.
    const grown = after.heap - before.heap;
    assert.ok(grown < 4 * 2 ** 20, `${grown} bytes of heap more`);
  },
);
