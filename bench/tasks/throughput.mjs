/** Tasks with a number for argument and result, so many in flight: each that ends begins the next. Args: ms, in flight, repetitions. */
import { performance } from "node:perf_hooks";
import { args, check, finish, measure, peer, threads } from "./harness.mjs";

const [ms, inFlight, repetitions] = args;
const { open } = await peer();
const pool = await open({ threads, task: "increment", inFlight });

await measure("ns/op", repetitions, async () => {
  let tasks = 0;
  let sum = 0;
  let stopped = false;
  const line = async (watchesTheClock) => {
    while (!stopped) {
      const n = tasks++;
      const answer = await pool.run(n);
      sum += answer - n;
      if (watchesTheClock && performance.now() >= end) stopped = true;
    }
  };
  const begin = performance.now();
  const end = begin + ms;
  await Promise.all(Array.from({ length: inFlight }, (_, i) => line(i === 0)));
  const time = performance.now() - begin;
  check("tasks done", sum, tasks);
  return (time * 1e6) / tasks;
});
await finish(pool);
