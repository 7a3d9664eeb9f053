#!/usr/bin/env node
/**
 * The SHA-256 of every file in a directory tree, a goroutine for each file, in the format of `sha256sum`: what it prints,
 * `sha256sum -c` checks. Only so many files are open at once, however many there are.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { start } from "skein";

const HELP = `Usage: hashes.js [DIRECTORY...] [--procs N]

Prints the SHA-256 and the path of every file in each DIRECTORY (default: .), sorted by path.`;

const CHUNK = 1 << 20;
let buffer; // one for each thread

/** A task: the hash of one file. It reads and computes without waiting for any event; that is what goroutines may do. */
export function hash(file) {
  buffer ??= Buffer.alloc(CHUNK);
  const sum = createHash("sha256");
  const fd = openSync(file, "r");
  try {
    for (let n; (n = readSync(fd, buffer)) > 0;) sum.update(buffer.subarray(0, n));
  } finally {
    closeSync(fd);
  }
  return sum.digest("hex");
}

/** The files below a directory, sorted. Links are not followed. */
async function* filesBelow(directory) {
  const entries = await readdir(directory, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const name = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(name);
    else if (entry.isFile()) yield name;
  }
}

async function main() {
  const options = { procs: { type: "string" }, help: { type: "boolean" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const rt = await start({ procs: values.procs && Number(values.procs) });
  const { hash } = rt.tasks(import.meta.url);

  const ahead = []; // files whose hashes are being computed, in order
  let failed = 0;
  const printNext = async () => {
    const { file, sum } = ahead.shift();
    await sum.then(
      (hex) => console.log(`${hex}  ${file}`),
      (error) => console.error(`hashes: ${file}: ${error.message}`, failed++),
    );
  };
  for (const directory of positionals.length > 0 ? positionals : ["."]) {
    for await (const file of filesBelow(directory)) {
      ahead.push({ file, sum: rt.go(hash, file) });
      if (ahead.length >= 2 * rt.procs) await printNext();
    }
  }
  while (ahead.length > 0) await printNext();
  await rt.close();
  process.exitCode = failed > 0 ? 1 : 0;
}

const fail = ({ message }) => (console.error(`hashes: ${message}`), process.exit(1));
if (isMainThread) main().catch(fail);
