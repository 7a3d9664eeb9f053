/**
 * Writes the declaration files of what programs import, and of nothing else, to `dist/types/`. They are there twice: TypeScript takes
 * a declaration file for a CommonJS module or for an ES module by the package.json above it, and the library can be had as either.
 *
 *     node scripts/types.mjs
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = ["host/index.d.ts", "host/piscina/main.d.ts", "host/remote/index.d.ts", "host/bullmq/worker.d.ts"];

/** Piscina's interface as who requires it sees it: the module is the class. */
const required = "host/piscina/required.d.cts";

/** Whether there were no type errors; the files are written in spite of them. */
export function writeTypes() {
  mkdirSync(path.join(root, "dist"), { recursive: true });
  const emitted = mkdtempSync(path.join(root, "dist", "types-"));
  try {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    const args = [tsc, "-p", "tsconfig.build.json", "--outDir", emitted];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
    const files = reachable(emitted);
    rmSync(path.join(root, "dist", "types"), { recursive: true, force: true });
    for (const [type, place] of Object.entries({ module: "esm", commonjs: "cjs" })) {
      const to = path.join(root, "dist", "types", place);
      for (const file of files) cpSync(path.join(emitted, file), path.join(to, file));
      writeFileSync(path.join(to, "package.json"), `${JSON.stringify({ type })}\n`);
    }
    cpSync(path.join(root, required), path.join(root, "dist", "types", "cjs", required));
    return status === 0;
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/** The entries and the files that they import, and those import. */
function reachable(directory) {
  const found = new Set(entries);
  for (const file of found) {
    const text = readFileSync(path.join(directory, file), "utf8");
    for (const [, name] of text.matchAll(/(?:from |import\(|import )"(\.[^"]+)"/g)) {
      found.add(path.posix.join(path.posix.dirname(file), name.replace(/\.[jt]s$/, ".d.ts")));
    }
  }
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exit(writeTypes() ? 0 : 1);
