const { setTimeout: sleep } = require("node:timers/promises");
const { parentPort, threadId } = require("node:worker_threads");
const { isWorkerThread, workerData, move, transferableSymbol, valueSymbol } = require(process.env.LIBRARY);

class OddError extends Error {
  name = "OddError";
}

let counted = 0;

module.exports = {
  count(ms) {
    for (const end = performance.now() + ms; performance.now() < end;);
    return ++counted;
  },
  echo: (value) => value,
  spin(ms) {
    for (const end = Date.now() + ms; Date.now() < end;);
    return ms;
  },
  /** Computes until the word is set, for ten seconds at most. */
  hold(cells) {
    const words = new Int32Array(cells);
    for (const end = performance.now() + 10_000; performance.now() < end;) if (Atomics.load(words, 0) !== 0) break;
    return Atomics.load(words, 0);
  },
  async sleep(ms) {
    await sleep(ms);
    return ms;
  },
  forEver: () => new Promise((resolve) => setTimeout(resolve, 2 ** 30)),
  hang() {
    for (;;);
  },
  waitFor(cells) {
    const words = new Int32Array(cells);
    Atomics.wait(words, 0, 0, 10_000);
    return Atomics.load(words, 0);
  },
  /** Says that it is there, and waits until it may go. */
  meet(words) {
    Atomics.add(words, 0, 1);
    Atomics.notify(words, 0);
    Atomics.wait(words, 1, 0, 30_000);
  },
  throwsLater(message) {
    setTimeout(() => {
      throw new Error(message);
    }, 5);
  },
  throws(what) {
    if (what === "range") throw new RangeError("out of it", { cause: new Error("deeper") });
    if (what === "odd") throw new OddError("odd");
    throw what;
  },
  async rejects(message) {
    await sleep(1);
    throw new TypeError(message);
  },
  exit: (code) => process.exit(code),
  uncloneable: () => () => {},
  surroundings: () => ({
    isWorkerThread,
    workerData,
    argv: process.argv.slice(2),
    env: process.env.FOR_THE_WORKER,
    isThread: threadId > 0,
  }),
  print: (text) => console.log(text),
  post(message) {
    parentPort.postMessage(message);
    return "posted";
  },
  moved(what) {
    if (what === "buffer") return move(new Uint8Array([1, 2, 3]).buffer);
    if (what === "view") return move(new Uint16Array([4, 5]));
    if (what === "number") return move(7);
    return move({
      a: { b: new Uint8Array([8]) },
      get [transferableSymbol]() {
        return [this.a.b.buffer];
      },
      get [valueSymbol]() {
        return { bytes: this.a.b, isSurrogate: true };
      },
    });
  },
  async port() {
    const { port1, port2 } = new MessageChannel();
    port1.on?.("message", (message) => {
      port1.postMessage(`${message}, answered`);
      port1.close();
    });
    return move(port2);
  },
};
