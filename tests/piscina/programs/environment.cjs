// The environment of the threads.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  process.env.FOR_THE_WORKER = "copied";
  for (const env of [
    undefined,
    { LIBRARY: process.env.LIBRARY, FOR_THE_WORKER: "given" },
    { LIBRARY: process.env.LIBRARY },
  ]) {
    const pool = new Piscina({ filename, name: "surroundings", minThreads: 1, maxThreads: 1, ...(env && { env }) });
    console.log((await pool.run()).env);
    await pool.destroy();
  }
})();

/* prints
copied
given
undefined
*/
