// What a pool gives its threads: data, arguments, environment.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const workerData = { shared: new SharedArrayBuffer(4), list: [1, { two: 2 }] };
  const options = { filename, name: "surroundings", minThreads: 1, maxThreads: 1, workerData, argv: ["one", 2] };
  const pool = new Piscina(options);
  const seen = await pool.run();
  Atomics.store(new Int32Array(workerData.shared), 0, 9);
  const { shared, list } = seen.workerData;
  console.log(seen.isWorkerThread, seen.isThread, ...seen.argv, new Int32Array(shared)[0], JSON.stringify(list));
  console.log(Piscina.isWorkerThread, Piscina.workerData);
  await pool.destroy();
})();

/* prints
true true one 2 9 [1,{"two":2}]
false undefined
*/
