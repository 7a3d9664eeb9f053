// Options that are wrong.
const Piscina = require(process.env.LIBRARY);

for (const options of [
  { filename: 5 },
  { name: 5 },
  { minThreads: -1 },
  { maxThreads: 0 },
  { minThreads: 3, maxThreads: 2 },
  { idleTimeout: -1 },
  { maxQueue: -1 },
  { maxQueue: "much" },
  { concurrentTasksPerWorker: 0 },
  { taskQueue: {} },
  { closeTimeout: -1 },
  { stricterFIFO: 5 },
]) {
  try {
    console.log(new Piscina(options));
  } catch (error) {
    console.log(error.name, error.message);
  }
}
const { minThreads, maxThreads } = new Piscina({ maxThreads: 1 }).options;
console.log(minThreads, maxThreads, new Piscina({ minThreads: 64, filename: null }).maxThreads);
process.exit();

/* prints
TypeError options.filename must be a string or null
TypeError options.name must be a string or null
TypeError options.minThreads must be a non-negative integer
TypeError options.maxThreads must be a positive integer
RangeError options.minThreads and options.maxThreads must not conflict
TypeError options.idleTimeout must be a non-negative integer
TypeError options.maxQueue must be a non-negative integer
TypeError options.maxQueue must be a non-negative integer
TypeError options.concurrentTasksPerWorker must be a positive integer
TypeError options.taskQueue must be a TaskQueue object
TypeError options.closeTimeout must be a non-negative integer
TypeError options.stricterFIFO must be a boolean
1 1 64
*/
