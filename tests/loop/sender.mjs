// A thread that calls back into the loop of another: `workerData` says what, how often and how it is called.
import { workerData } from "node:worker_threads";

const { skein, handle, target, from, count, extra } = workerData;
const { EventLoop } = await import(skein);
const loop = EventLoop.attach(handle);
for (let i = 0; i < count; i++) loop.callSoonThreadsafe(target, from, i, ...(extra ?? []));
