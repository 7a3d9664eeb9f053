// The same from an ES module, with its worker as a URL.
const { Piscina, FixedQueue, isWorkerThread, workerData, move, default: same } = await import(process.env.LIBRARY);

const piscina = new Piscina({
  // The URL must be a file:// URL
  filename: new URL("./workers/sum.mjs", import.meta.url).href,
  taskQueue: new FixedQueue(),
});

console.log(await piscina.run({ a: 4, b: 6 }));
console.log(await piscina.run({ a: 4, b: 6 }, { name: "multiply" }));
console.log(same === Piscina, isWorkerThread, workerData, typeof move);
await piscina.close();

/* prints
10
24
true false undefined function
*/
