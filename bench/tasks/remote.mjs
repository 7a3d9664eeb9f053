/**
 * Calls of worker processes over a server of this program's own, so many in flight. Args: milliseconds that a call computes, calls, in flight,
 * repetitions. Where calls compute the value is the share of what the processors allow, in percent, else nanoseconds a call.
 */
import { availableParallelism } from "node:os";
import { args, check, implementation, measure, threads, timePer } from "./harness.mjs";
import { port, startServer, startWorker } from "./remote-processes.mjs";

const [ms, calls, inFlight, repetitions] = args;
const peer = new URL(`./peers/remote-${implementation}.mjs`, import.meta.url).href;
const { server, open } = await import(peer);
await startServer(server);
for (let i = 0; i < threads; i++) await startWorker(peer);

const { run } = await open(port);
const all = async () => {
  let [left, sum] = [calls, 0];
  const line = async () => {
    while (left-- > 0) {
      const value = await run(ms);
      sum += value;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, line));
  check("calls done", sum, calls * ms);
};
const possible = Math.min(threads, availableParallelism());
await measure(ms > 0 ? "%" : "ns/op", repetitions, async () => {
  const nanoseconds = await timePer(calls, all);
  return ms > 0 ? (100 * ms * 1e6) / (nanoseconds * possible) : nanoseconds;
});
process.exit();
