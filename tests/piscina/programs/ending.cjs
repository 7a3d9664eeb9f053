// close waits, close by force waits for what has begun, destroy waits for nothing; afterwards the pool can be used again.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");
const told = (name) => [
  (value) => console.log(name, value),
  (error) => console.log(name, error.name, error.message, error.cause ?? ""),
];

(async function () {
  for (const end of [(pool) => pool.close(), (pool) => pool.close({ force: true }), (pool) => pool.destroy()]) {
    console.log(String(end).slice(10));
    const pool = new Piscina({ filename, name: "sleep", minThreads: 1, maxThreads: 1 });
    await pool.run(1);
    const running = pool.run(30).then(...told("running"));
    const waiting = pool.run(31).then(...told("waiting"));
    const ended = end(pool);
    const late = pool.run(1).then(...told("late"));
    await Promise.all([ended, running, waiting, late]);
    console.log("again", await pool.run(2));
    await pool.destroy();
  }
  const pool = new Piscina({ filename, name: "hang", minThreads: 1, maxThreads: 1, closeTimeout: 50 });
  pool.on("error", (error) => console.log(error.message));
  const hanging = pool.run().then(...told("hanging"));
  await pool.close();
  await hanging;
  await pool.close({ force: 5 }).catch((error) => console.log(error.message));
  await pool.close(null).catch((error) => console.log(error.message));
})();

/* prints
pool.close()
late AbortError The task has been aborted queue is being terminated
running 30
waiting 31
again 2
pool.close({ force: true })
waiting AbortError The task has been aborted pool is closed
late AbortError The task has been aborted queue is being terminated
running 30
again 2
pool.destroy()
waiting Error Terminating worker thread 
running Error Terminating worker thread 
late AbortError The task has been aborted queue is being terminated
again 2
Close operation timed out
hanging Error Terminating worker thread 
force argument must be a boolean
options must be an object
*/
