/** A chain of callbacks, each of which schedules the next. Args: callbacks, repetitions. */
import { EventLoop } from "skein";
import { args, check, measure, timePer } from "./harness.mjs";

const [n, repetitions] = args;

await measure("ns/op", repetitions, async () => {
  const loop = new EventLoop();
  let left = n;
  const callback = () => {
    if (--left > 0) loop.callSoon(callback);
    else loop.stop();
  };
  const time = await timePer(n, async () => {
    loop.callSoon(callback);
    await loop.runForever();
  });
  loop.close();
  check("the callbacks left", left, 0);
  return time;
});
