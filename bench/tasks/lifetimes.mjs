/**
 * Whether what is over leaves anything behind: so many times the same, and by how many % the process's most resident memory in the second half
 * of that exceeds the most in the first, after V8 has collected. In a process of its own. Args: which of `kinds`, how often, repetitions. In the
 * process: the first two, and 0.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { start } from "skein";
import { args, check, implementation, inFreshProcess, result, threads } from "./harness.mjs";

const [kind, times, repetitions] = args;
const MB = 2 ** 20;
const functions = new URL("./work/functions.mjs", import.meta.url);
/** Waits that are given up at once. */
const AT_ONCE = 100;
/** Looks at the memory, and how long before each the threads have for what is freed behind the event loop's back. */
const LOOKS = 20;
const SETTLE_MS = 100;

/** Each opens what it needs, and gives what is repeated, how often one call of that does it, and how to close. */
const kinds = [
  async function calls() {
    const rt = await start({ procs: threads });
    const { echo } = rt.tasks(functions);
    const once = async () => check("the bytes", (await rt.go(echo, new Uint8Array(MB))).length, MB);
    return { once, each: 1, close: () => rt.close() };
  },
  async function waits() {
    const rt = await start({ procs: threads });
    const [channel, mutex] = [rt.chan(), rt.mutex()];
    await mutex.lock();
    const givenUp = (wait) =>
      wait.then(
        () => check("a wait", "over", "given up"),
        () => {},
      );
    const once = async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const all = Array.from({ length: AT_ONCE }, (_, i) =>
        givenUp(i % 2 ? channel.recv({ signal }) : mutex.lock({ signal })),
      );
      controller.abort();
      await Promise.all(all);
    };
    return { once, each: AT_ONCE, close: () => rt.close() };
  },
  async function buffers() {
    const rt = await start({ procs: threads });
    const { filled } = rt.tasks(functions);
    const once = async () => check("the length", await rt.go(filled, new SharedArrayBuffer(MB)), MB);
    return { once, each: 1, close: () => rt.close() };
  },
  async function starts() {
    const once = async () => {
      const rt = await start({ procs: threads });
      check("the sum", await rt.go(rt.tasks(functions).increment, 1), 2);
      await rt.close();
    };
    return { once, each: 1, close: async () => {} };
  },
];

function collector() {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

async function growth() {
  const collect = collector();
  const { once, each, close } = await kinds[kind]();
  const most = [0, 0];
  const rounds = times / each;
  for (let i = 0; i < rounds; i++) {
    await once();
    if ((i + 1) % Math.ceil(rounds / LOOKS) !== 0) continue;
    collect();
    await sleep(SETTLE_MS);
    const half = i < rounds / 2 ? 0 : 1;
    most[half] = Math.max(most[half], process.memoryUsage.rss());
  }
  process.stdout.write(String((most[1] / most[0] - 1) * 100));
  await close();
}

if (repetitions === 0) await growth();
else {
  for (let i = 0; i < repetitions; i++) {
    result("%", inFreshProcess(import.meta.url, implementation, threads, kind, times, 0));
  }
}
