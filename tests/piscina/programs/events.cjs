// Back-pressure by events, and what tasks post to their parent.
const path = require("node:path");
const { once } = require("node:events");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, name: "sleep", minThreads: 2, maxThreads: 2 });
  await Promise.all([pool.run(1), pool.run(1)]);
  await new Promise(setImmediate);
  const heard = new Set();
  pool.on("needsDrain", () => heard.add("needsDrain"));
  pool.on("drain", () => heard.add("drain"));
  console.log(pool.needsDrain);
  const first = pool.run(40);
  await null;
  console.log(pool.needsDrain, ...heard);
  const second = pool.run(20);
  await once(pool, "needsDrain");
  console.log(pool.needsDrain, ...heard);
  await Promise.all([first, second]);
  await new Promise(setImmediate);
  console.log(pool.needsDrain, ...heard);

  const message = once(pool, "message");
  console.log(await pool.run({ from: "a task" }, { name: "post" }), JSON.stringify(await message));
  pool.once("close", () => console.log("closed"));
  await pool.close();
})();

/* prints
false
false
true needsDrain
false needsDrain drain
posted [{"from":"a task"}]
closed
*/
