/** Numbers from the main thread to one worker, which adds them up. Args: numbers, capacity, most ms, repetitions. */
import { performance } from "node:perf_hooks";
import { args, check, finish, measure, peer, threads } from "./harness.mjs";

const [count, capacity, limit, repetitions] = args;
const { openStream } = await peer();
const stream = await openStream({ threads, capacity });

/** 0, 1, 2 and so on: so many, or as many as are taken in the time allowed. */
function* numbers(end) {
  for (let n = 0; n < count; n++) {
    if (n % 1024 === 0 && performance.now() >= end) return;
    sent = n + 1;
    yield n;
  }
}
let sent = 0;

await measure("ns/op", repetitions, async () => {
  const begin = performance.now();
  const sum = await stream.send(numbers(begin + limit));
  const time = performance.now() - begin;
  check("the sum of the numbers", sum, (sent * (sent - 1)) / 2);
  return (time * 1e6) / sent;
});
await finish(stream);
