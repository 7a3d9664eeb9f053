/**
 * Compiles programs into the cache: `node scripts/precompile.mjs FILE...`. A process that has compiled before takes half as long for the
 * next program, and each test that runs one would be a new process.
 *
 * What does not compile is left to its test.
 */
import process from "node:process";
import { compile } from "../dist/compiler/index.js";

let compiled = 0;
for (const file of process.argv.slice(2)) {
  try {
    await compile(file);
    compiled++;
  } catch (error) {
    if (error.name !== "CompileError") throw error;
  }
}
console.log(`${compiled} of ${process.argv.length - 2} programs compiled`);
