/** A process, or a thread, that is ended while one of its threads loads a library of C's. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";

const module = new URL("../../../dist/sockets/loading.js", import.meta.url).href;

/** Loads until no other may begin to, for `ms` milliseconds at most, and says before it is done whether that is so. */
function threadFor(ms: number): string {
  return `
import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { beginLoad, endLoad } from ${JSON.stringify(module)};
beginLoad();
parentPort.postMessage("loading");
const late = Date.now() + ${ms};
let again;
while ((again = beginLoad())) {
  endLoad();
  if (Date.now() > late) break;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
writeSync(1, "loaded " + again);
endLoad();
`;
}

/** Runs a program whose thread loads, for so long at most; it goes on with `then` while that lasts. */
async function printedBy(then: string, ms: number): Promise<string> {
  const program = `
import process from "node:process";
import { Worker } from "node:worker_threads";
import { loaded, shareLoading } from ${JSON.stringify(module)};
shareLoading();
const worker = new Worker(new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(threadFor(ms))}`)}));
worker.once("message", async () => { ${then} });
`;
  const url = `data:text/javascript,${encodeURIComponent(program)}`;
  const args = ["--input-type=module", "-e", `import ${JSON.stringify(url)}`];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

const options = { skip: "deno" in process.versions ? "Deno's own way to C needs none of this" : false };

test("a process that exits waits for a thread that loads, which then loads nothing more", options, async () => {
  assert.equal(await printedBy("process.exit()", 4000), "loaded false");
});

test("who ends a thread waits while it loads", options, async () => {
  assert.match(await printedBy("await loaded(); await worker.terminate();", 200), /^loaded/);
});
