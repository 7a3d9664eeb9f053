// A task that takes its thread with it fails alone; the pool goes on.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, name: "echo", minThreads: 1, maxThreads: 1 });
  for (const code of [0, 3]) {
    const dying = pool.run(code, { name: "exit" });
    const other = pool.run("other");
    await dying.catch((error) => console.log(error instanceof Error));
    console.log(await other);
  }
  await pool.destroy();
})();

/* prints
true
other
true
other
*/
