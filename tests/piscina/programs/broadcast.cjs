// Threads that listen to a broadcast.
const path = require("node:path");
const { BroadcastChannel } = require("node:worker_threads");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "broadcast.cjs");

(async function () {
  const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2, atomics: "disabled" });
  const channel = new BroadcastChannel("my_channel");
  const ready = new SharedArrayBuffer(4);
  const tasks = [pool.run({ name: "thread 1", ready }), pool.run({ name: "thread 2", ready })];
  while (Atomics.load(new Int32Array(ready), 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  channel.postMessage("hello to all");
  console.log(...(await Promise.all(tasks)));
  channel.close();
  await pool.destroy();
})();

/* prints
thread 1: hello to all thread 2: hello to all
*/
