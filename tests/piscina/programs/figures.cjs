// What a pool knows of its past.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");
const near = (value, low, high) => (value >= low && value <= high ? "so" : value);

(async function () {
  const pool = new Piscina({ filename, name: "sleep", minThreads: 1, maxThreads: 1 });
  await pool.run(1);
  pool.histogram.resetRunTime();
  pool.histogram.resetWaitTime();
  await Promise.all([pool.run(60), pool.run(60)]);
  const { runTime, waitTime } = pool.histogram;
  console.log(Object.keys(runTime).join(" "));
  console.log(near(runTime.mean, 55, 500), near(runTime.p50, 55, 500), runTime.average === runTime.mean);
  console.log(near(waitTime.max, 50, 500), near(waitTime.min, 0, 20), pool.completed);
  console.log(near(pool.duration, 100, 5000), pool.utilization > 0 && pool.utilization <= 1);
  console.log(pool.minThreads, pool.maxThreads, pool.options.name, pool.options.idleTimeout, pool.threads.length > 0);
  await pool.destroy();
  const untimed = new Piscina({ filename, name: "echo", recordTiming: false, minThreads: 1, maxThreads: 1 });
  console.log(await untimed.run(1), untimed.histogram.runTime, untimed.utilization, untimed.completed);
  await untimed.destroy();
})();

/* prints
average mean stddev min max p0_001 p0_01 p0_1 p1 p2_5 p10 p25 p50 p75 p90 p97_5 p99 p99_9 p99_99 p99_999
so so true
so so 3
so true
1 1 sleep 0 true
1 undefined 0 1
*/
