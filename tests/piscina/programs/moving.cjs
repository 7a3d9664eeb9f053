// Values that are moved, there and back.
const path = require("node:path");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");

(async function () {
  const pool = new Piscina({ filename, name: "echo", minThreads: 1, maxThreads: 1 });
  for (const bytes of [100, 1_000_000]) {
    const listed = new Uint8Array(bytes).fill(1);
    const back = await pool.run(listed, { transferList: [listed.buffer] });
    console.log(listed.byteLength, back.byteLength, back[bytes - 1]);
    const marked = new Uint8Array(bytes).fill(2);
    console.log((await pool.run(Piscina.move(marked)))[0], marked.byteLength);
    const cloned = new Uint8Array(bytes).fill(3);
    console.log((await pool.run(cloned))[0], cloned.byteLength);
  }
  const shared = new SharedArrayBuffer(4);
  const same = await pool.run(shared);
  new Int32Array(shared)[0] = 77;
  console.log(new Int32Array(same)[0]);

  for (const what of ["buffer", "view", "number", "object"]) {
    const moved = await pool.run(what, { name: "moved" });
    console.log(moved instanceof ArrayBuffer ? new Uint8Array(moved) : moved); // Nodes print an ArrayBuffer differently
  }
  console.log(Piscina.move(5), Piscina.move(null), Piscina.transferableSymbol, Piscina.valueSymbol);
  await pool.destroy();
})();

/* prints
0 100 1
2 0
3 100
0 1000000 1
2 0
3 1000000
77
Uint8Array(3) [ 1, 2, 3 ]
Uint16Array(2) [ 4, 5 ]
7
{ bytes: Uint8Array(1) [ 8 ], isSurrogate: true }
5 null Symbol(Piscina.transferable) Symbol(Piscina.valueOf)
*/
