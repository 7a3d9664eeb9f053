// A thread that has the loop of another run coroutines, and tells it what came of each; `workerData` says which loop.
import { workerData } from "node:worker_threads";

const { skein, handle, twice } = workerData;
const { EventLoop } = await import(skein);
const loop = EventLoop.attach(handle);
const tell = (what) => loop.callSoonThreadsafe("tell", what);
const failure = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

tell(await loop.runCoroutineThreadsafe("add", 20, 22));
tell(loop.runCoroutineThreadsafe(twice, 7).resultSync());
const failed = await failure(loop.runCoroutineThreadsafe("fail"));
tell([failed.name, failed.message, failed.code, String(failed.cause), failed.stack.includes("threads.test")]);
tell((await failure(loop.runCoroutineThreadsafe("function"))).name);
const cancelled = await failure(loop.runCoroutineThreadsafe("cancelled"));
tell([cancelled.name, cancelled.message]);
const missing = await failure(loop.runCoroutineThreadsafe("nothing"));
tell([missing.name, missing.message]);
try {
  loop.runCoroutineThreadsafe(() => 1);
} catch (error) {
  tell(error.name);
}
const long = loop.runCoroutineThreadsafe("long");
try {
  long.resultSync(20);
} catch (error) {
  tell(error.name);
}
const ended = failure(long);
const first = long.cancel("enough");
tell((await ended).name);
tell(first);
tell(long.cancel());
tell(await loop.runCoroutineThreadsafe("add", 1, 42));
loop.callSoonThreadsafe("end");
