// What tasks print is not lost, also when the process ends by itself or is ended right after them.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, name: "print", minThreads: 1, maxThreads: 1 });
  for (const line of ["one", "two"]) await pool.run(line);
  await pool.destroy();
  const left = new Piscina({ filename, name: "print", minThreads: 1, maxThreads: 1 });
  await left.run("three");
})();

/* prints
one
two
three
*/
