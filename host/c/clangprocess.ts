/** What a process of clang does (`clang.ts`): it loads clang, then runs what comes through its standard input, one after the other, until that ends. */
import process from "node:process";
import { frame, Frames } from "./frames.js";
import { loadToolchain, runTool } from "./toolchain.js";
import type { Tree } from "./tree.js";

const folder = process.argv[2]!;
const frames = new Frames();
// Who started this has found the package; if it does not load after all, the first run says why.
loadToolchain(folder).catch(() => {});
process.stdout.write(frame("up"));
for await (const part of process.stdin) {
  for (const [args, files] of frames.add(part as Buffer) as [readonly string[], Tree][]) {
    const outcome = await runTool(folder, args, files).catch((error: unknown) => ({
      error: error instanceof Error ? error.message : String(error),
    }));
    process.stdout.write(frame(outcome));
  }
}
