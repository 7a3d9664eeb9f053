/**
 * The same programs in Go, built once for each version of them and of Go, outside of the package. Go itself is found on
 * PATH; without it, its column stays empty. What needs a module of others is a module of its own, so that the rest needs
 * no download.
 */
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { ChildError, output, type Command } from "../child.js";
import { cacheDirectory, packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";

/** The Go found, and no other: no download of a newer one, no surrounding workspace. */
const command = (sources: string, ...args: string[]): Command => ({
  file: "go",
  args,
  cwd: sources,
  env: { GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "" },
});

/** The programs of one directory of `bench/peers`. */
function goPrograms(name: string, description: string): Implementation {
  const sources = path.join(packageRoot, "bench", "peers", name);
  return {
    name,
    description,
    async prepare(stop) {
      const version = await goVersion(sources, stop);
      const binaries = await built(name, sources, version, stop);
      return {
        runtime: version,
        command: (program, procs, args) => ({
          file: path.join(binaries, process.platform === "win32" ? `${program}.exe` : program),
          args,
          env: { GOMAXPROCS: String(procs) },
        }),
      };
    },
  };
}

export const go = goPrograms("go", "the programs in bench/peers/go, built by the go on PATH");

export const evio = goPrograms("evio", "evio's loops: bench/peers/evio, for which go fetches the module");

async function goVersion(sources: string, stop: AbortSignal): Promise<string> {
  return (await output(command(sources, "env", "GOVERSION"), stop)).trim();
}

/** The directory of the binaries, which appears only once all of them are in it. */
async function built(name: string, sources: string, version: string, stop: AbortSignal): Promise<string> {
  const cache = cacheDirectory();
  const target = path.join(cache, `${name}-${await fingerprint(sources, version)}`);
  if (await exists(target)) return target;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(path.join(cache, "go-build-"));
  try {
    await output(command(sources, "build", "-trimpath", "-o", work + path.sep, "./..."), stop);
    await rename(work, target);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    // Another bench may have finished the same build first: its binaries are as good.
    if (await exists(target)) return target;
    if (error instanceof ChildError) throw new ChildError(`go build failed: ${error.message}`);
    throw error;
  }
  return target;
}

async function fingerprint(sources: string, version: string): Promise<string> {
  const hash = createHash("sha256").update(version);
  const files = await readdir(sources, { recursive: true });
  for (const name of files.filter((file) => /(\.go|^go\.(mod|sum))$/.test(file)).sort()) {
    hash.update(name).update(await readFile(path.join(sources, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
