// How many tasks may wait, in what order they are taken, and what a pool says of itself meanwhile.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");
const told = (error) => console.log(error.message);

async function limits() {
  for (const maxQueue of [2, 0]) {
    const cells = new SharedArrayBuffer(4);
    const pool = new Piscina({ filename, name: "waitFor", maxQueue, minThreads: 1, maxThreads: 1 });
    await pool.run(0, { name: "echo" });
    const tasks = [pool.run(cells)];
    for (let i = 0; i < maxQueue; i++) tasks.push(pool.run(cells));
    console.log(maxQueue, pool.queueSize, pool.options.maxQueue, pool.idleThreads);
    await pool.run(cells).catch(told);
    new Int32Array(cells)[0] = 5;
    Atomics.notify(new Int32Array(cells), 0);
    console.log(...(await Promise.all(tasks)), pool.queueSize, pool.completed >= tasks.length);
    // Not destroy(): piscina may still run a task that it has rejected for want of a queue, and fails if its answer comes then.
    await pool.close();
  }
  console.log(new Piscina({ filename, maxThreads: 3, minThreads: 0, maxQueue: "auto" }).options.maxQueue);
}

/** The most urgent first. */
class Urgent {
  tasks = [];
  get size() {
    return this.tasks.length;
  }
  push(task) {
    this.tasks.push(task);
    this.tasks.sort((a, b) => urgency(b) - urgency(a));
  }
  unshift(task) {
    this.tasks.unshift(task);
  }
  shift() {
    return this.tasks.shift() ?? null;
  }
  remove(task) {
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }
}
const urgency = (task) => task[Piscina.queueOptionsSymbol]?.urgency ?? 0;

async function order(taskQueue) {
  const pool = new Piscina({ filename, name: "echo", taskQueue, minThreads: 1, maxThreads: 1, stricterFIFO: true });
  await pool.run("ready");
  const done = [];
  const blocker = pool.run(50, { name: "spin" });
  const tasks = [1, 3, 2].map((urgency) =>
    pool.run({ urgency, [Piscina.queueOptionsSymbol]: { urgency } }).then((task) => done.push(task.urgency)),
  );
  await Promise.all([blocker, ...tasks]);
  console.log(...done);
  await pool.destroy();
}

(async function () {
  await limits();
  await order(undefined);
  await order(new Piscina.ArrayTaskQueue());
  await order(new Piscina.FixedQueue());
  await order(new Urgent());
})();

/* prints
2 2 2 0
Task queue is at limit
5 5 5 0 true
0 0 0 0
No task queue available and all Workers are busy
5 0 true
9
1 3 2
1 3 2
1 3 2
3 2 1
*/
