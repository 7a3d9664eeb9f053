// Tasks are aborted by signals and emitters: before they are given, while they wait, while they run.
const path = require("node:path");
const EventEmitter = require("node:events");
const Piscina = require(process.env.LIBRARY);

const filename = path.resolve(__dirname, "workers", "kinds.cjs");
const told = (error) => console.log(error.name, "|", error.message, "|", error.cause?.name ?? error.cause);

(async function () {
  const piscina = new Piscina({ filename, name: "sleep", maxThreads: 1, minThreads: 1 });
  await piscina.run(1);
  await piscina.run(1, { signal: AbortSignal.abort() }).catch(told);

  for (const name of ["forEver", "hang"]) {
    const controller = new AbortController();
    const running = piscina.run(0, { name, signal: controller.signal });
    const waiting = piscina.run(2, { signal: controller.signal });
    const later = piscina.run(3);
    console.log("waiting", piscina.queueSize);
    setTimeout(() => controller.abort("no longer"), 50);
    await running.catch(told);
    await waiting.catch(told);
    console.log("others go on", await later);
  }

  const emitter = new EventEmitter();
  const task = piscina.run(0, { name: "hang", signal: emitter });
  setTimeout(() => emitter.emit("abort"), 20);
  await task.catch(told);
  console.log(emitter.listenerCount("abort"));

  const { signal } = new AbortController();
  console.log(await piscina.run(4, { signal }));
  await piscina.destroy();
})();

/* prints
AbortError | The task has been aborted | AbortError
waiting 2
AbortError | The task has been aborted | no longer
AbortError | The task has been aborted | no longer
others go on 3
waiting 2
AbortError | The task has been aborted | no longer
AbortError | The task has been aborted | no longer
others go on 3
AbortError | The task has been aborted | undefined
0
4
*/
