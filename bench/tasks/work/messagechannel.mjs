/** Sums up the numbers that come through a port; at null it answers with the sum so far and begins anew. */
import { parentPort } from "node:worker_threads";

let sum = 0;
parentPort.on("message", (n) => {
  if (n === null) {
    parentPort.postMessage(sum);
    sum = 0;
  } else {
    sum += n;
  }
});
