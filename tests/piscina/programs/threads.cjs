// The threads that a pool shows, its events about them, workers as only require finds them, the context of a task that waits.
const path = require("node:path");
const { AsyncLocalStorage } = require("node:async_hooks");
const Piscina = require(process.env.LIBRARY);

const workers = path.resolve(__dirname, "workers");
const filename = path.join(workers, "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, name: "sleep", minThreads: 1, maxThreads: 2, idleTimeout: 500 });
  let [created, destroyed] = [0, 0];
  pool.on("workerCreate", () => created++).on("workerDestroy", () => destroyed++);
  console.log(pool.threads.length, pool.idleThreads);
  const tasks = [pool.run(50), pool.run(50), pool.run(50)];
  console.log(pool.threads.length, pool.idleThreads, pool.queueSize);
  await Promise.all(tasks);
  console.log(pool.threads.length, pool.idleThreads);
  while (pool.threads.length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  const [{ threadId }] = pool.threads;
  await pool.run(1, { name: "exit" }).catch((error) => console.log(error.message));
  console.log(pool.threads.length, pool.threads[0].threadId !== threadId);
  await pool.destroy();
  console.log(pool.threads.length, created > 0, destroyed);

  for (const name of ["folder", "folder/sum"]) {
    const found = new Piscina({ filename: path.join(workers, name), minThreads: 1, maxThreads: 1 });
    console.log(await found.run(name === "folder/sum" ? { a: 1, b: 2 } : "task"));
    await found.destroy();
  }

  const storage = new AsyncLocalStorage();
  const one = new Piscina({ filename, name: "sleep", minThreads: 1, maxThreads: 1 });
  const seen = ["first", "second"].map((each) =>
    storage.run(each, () => one.run(5).then(() => console.log(each, storage.getStore()))),
  );
  await Promise.all(seen);
  await one.destroy();
})();

/* prints
1 1
2 0 1
2 2
worker exited with code: 1
1 true
0 true 3
a folder's task
3
first first
second second
*/
