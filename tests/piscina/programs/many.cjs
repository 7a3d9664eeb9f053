// Many tasks at once, on few threads; and a process that ends by itself when they are done.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "sum.cjs");

(async function () {
  for (const concurrentTasksPerWorker of [1, 16]) {
    const pool = new Piscina({ filename, maxThreads: 2, concurrentTasksPerWorker });
    const sums = await Promise.all(Array.from({ length: 3000 }, (_, i) => pool.run({ a: i, b: 1 })));
    console.log(
      sums.every((sum, i) => sum === i + 1),
      pool.completed,
      pool.queueSize,
    );
  }
})();

/* prints
true 3000 0
true 3000 0
*/
