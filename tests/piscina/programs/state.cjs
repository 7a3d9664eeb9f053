// With one thread, a task finds what the one before has left in its module, whether they take long or not.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  for (const concurrentTasksPerWorker of [1, 3]) {
    const pool = new Piscina({ filename, name: "count", minThreads: 1, maxThreads: 1, concurrentTasksPerWorker });
    const counts = await Promise.all(Array.from({ length: 200 }, (_, i) => pool.run((i % 5) / 2)));
    console.log(new Set(counts).size, Math.max(...counts));
    await pool.destroy();
  }
})();

/* prints
200 200
200 200
*/
