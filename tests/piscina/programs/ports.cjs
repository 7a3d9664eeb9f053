// Message ports, as part of a task and as a result.
const path = require("node:path");
const { once } = require("node:events");
const { MessageChannel } = require("node:worker_threads");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "ports.cjs");

(async function () {
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, atomics: "disabled" });
  const { port1, port2 } = new MessageChannel();
  const task = pool.run({ port: port2 }, { transferList: [port2], name: "greet" });
  const [greeting] = await once(port1, "message");
  port1.postMessage("and you");
  console.log(greeting, "|", await task);
  port1.close();

  const port = await pool.run(undefined, { name: "give" });
  port.postMessage("asked");
  const [answer] = await once(port, "message");
  console.log(answer);
  port.close();
  await pool.destroy();
})();

/* prints
hello | and you
asked, answered
*/
