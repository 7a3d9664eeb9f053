// Threads that report to the event loop of another: each worker adds numbers up, and calls back into the main thread's loop.
//
//     node examples/loop/progress.mjs 4               threads (2 unless told)

import { isMainThread, Worker, workerData } from "node:worker_threads";
import { EventLoop } from "skein";

const STEPS = 5;

if (isMainThread) {
  const threads = Number(process.argv[2] ?? 2);
  const loop = new EventLoop();
  let left = threads;
  loop.register("progress", (thread, done) => console.log(`thread ${thread}: ${done} of ${STEPS}`));
  loop.register("result", (thread, sum) => {
    console.log(`thread ${thread} has added up to ${sum}`);
    if (--left === 0) loop.stop();
  });
  for (let thread = 1; thread <= threads; thread++) {
    new Worker(new URL(import.meta.url), { workerData: { handle: loop.handle, thread } });
  }
  await loop.runForever();
  loop.close();
} else {
  const { handle, thread } = workerData;
  const main = EventLoop.attach(handle);
  let sum = 0;
  for (let step = 1; step <= STEPS; step++) {
    for (let i = 0; i < 1_000_000; i++) sum += i % thread;
    main.callSoonThreadsafe("progress", thread, step);
  }
  main.callSoonThreadsafe("result", thread, sum);
}
