// The examples of piscina's README: CommonJS workers, sync, async, several exports, one that takes its time to be ready.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const worker = (name) => path.resolve(__dirname, "workers", name);

(async function () {
  for (const name of ["sum.cjs", "sum-later.cjs", "initialised.cjs", "sum.mjs", "transpiled.cjs"]) {
    const piscina = new Piscina({ filename: worker(name) });
    console.log(name, await piscina.run({ a: 4, b: 6 }));
  }
  const piscina = new Piscina({ filename: worker("several.cjs") });
  const both = await Promise.all([
    piscina.run({ a: 4, b: 6 }, { name: "add" }),
    piscina.run({ a: 4, b: 6 }, { name: "multiply" }),
  ]);
  console.log(...both, await piscina.run({ a: 1, b: 1 }));
  console.log(await piscina.run({ a: 2, b: 3 }, { filename: worker("sum.mjs"), name: "multiply" }));
  console.log(await piscina.run({ a: 2, b: 3 }, { filename: worker("transpiled.cjs"), name: "named" }));
  console.log(new Piscina.Piscina({ filename: null }) instanceof require("node:events"));
})();

/* prints
sum.cjs 10
sum-later.cjs 10
initialised.cjs 10
sum.mjs 10
transpiled.cjs 10
10 24 2
6
2 and 3
true
*/
