/**
 * One task at a time. With a pause before each, all threads have gone to sleep when it comes; the value is the middle one of
 * so many. Args: tasks, pause in ms or 0, repetitions.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { args, check, finish, measure, peer, threads, timePer } from "./harness.mjs";

const [tasks, pause, repetitions] = args;
const { open } = await peer();
const pool = await open({ threads, task: "increment", inFlight: 1 });

async function spinning() {
  return timePer(tasks, async () => {
    let n = 0;
    while (n < tasks) n = await pool.run(n);
    check("the last answer", n, tasks);
  });
}

async function idle() {
  const times = [];
  for (let i = 0; i < tasks; i++) {
    await sleep(pause);
    const begin = performance.now();
    const answer = await pool.run(i);
    times.push((performance.now() - begin) * 1e6);
    check("the answer", answer, i + 1);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

await measure("ns/op", repetitions, pause === 0 ? spinning : idle);
await finish(pool);
