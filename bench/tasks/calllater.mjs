/**
 * Timers within 100 ms, in no order; four of five are cancelled, and the loop runs until the others have fired. Args: timers,
 * repetitions.
 */
import { EventLoop } from "skein";
import { args, check, measure, timePer } from "./harness.mjs";

const [n, repetitions] = args;
const delays = Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 100_003) / 1e3);

await measure("ns/op", repetitions, async () => {
  const loop = new EventLoop();
  let left = Math.ceil(n / 5);
  const callback = () => {
    if (--left === 0) loop.stop();
  };
  const time = await timePer(n, async () => {
    const handles = Array.from(delays, (delay) => loop.callLater(delay, callback));
    for (let i = 0; i < n; i++) if (i % 5 !== 0) handles[i].cancel();
    handles.length = 0;
    await loop.runForever();
  });
  loop.close();
  check("the timers left", left, 0);
  return time;
});
