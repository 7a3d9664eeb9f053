/**
 * Runs `programs/soak.ts`, what a server does for long, and looks at what the process has: memory, threads and descriptors of the last quarter are to be
 * no more than those of the second, with some room for what V8 and the system do as they like.
 *
 * SKEIN_STRESS_SECONDS says for how long on each runtime (60). Takes Linux, for /proc.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { buildOf } from "../programs/driver/builds.js";
import { described, runSkein } from "../programs/driver/process.js";

const SECONDS = Number(process.env["SKEIN_STRESS_SECONDS"] ?? 60);
const LOOK_MS = 500;
/** By what part memory may have grown, and by how many threads and descriptors: those of an M that comes because the machine is busy. */
const [MEMORY, THREADS, DESCRIPTORS] = [0.2, 3, 12];

/** What a process has at a moment. */
interface Sample {
  readonly memory: number;
  readonly threads: number;
  readonly descriptors: number;
}

function look(pid: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const figure = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    return {
      memory: figure("VmRSS"),
      threads: figure("Threads"),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return undefined; // it has ended
  }
}

/** The most in a quarter of them, 0 to 3. */
function most(samples: readonly Sample[], quarter: number, of: keyof Sample): number {
  const n = samples.length / 4;
  return Math.max(...samples.slice(quarter * n, (quarter + 1) * n).map((sample) => sample[of]));
}

describe("what runs for long", { concurrency: 1, skip: !existsSync("/proc/self/status") }, () => {
  for (const name of ["node", "deno"] as const) {
    it(`keeps its memory, threads and descriptors on ${name}`, async (t) => {
      const wasm = await buildOf(path.join("tests", "stress", "programs", "soak.ts"));
      const samples: Sample[] = [];
      let timer: NodeJS.Timeout | undefined;
      const result = await runSkein(["run", wasm, "--procs", "2", "--", String(SECONDS)], {
        runtime: name,
        timeoutMs: (SECONDS + 120) * 1000,
        started: ({ pid = 0 }) => {
          timer = setInterval(() => {
            const sample = look(pid);
            if (sample) samples.push(sample);
          }, LOOK_MS);
        },
      });
      clearInterval(timer);
      assert.equal(result.code, 0, described(result));
      assert.match(result.stdout, /^ok: /, described(result));
      assert.ok(samples.length >= 8, `${samples.length} looks at it`);
      for (const [of, limit] of [
        ["memory", most(samples, 1, "memory") * (1 + MEMORY)],
        ["threads", most(samples, 1, "threads") + THREADS],
        ["descriptors", most(samples, 1, "descriptors") + DESCRIPTORS],
      ] as const) {
        const last = most(samples, 3, of);
        t.diagnostic(`${of}: ${most(samples, 1, of)}, then ${last}`);
        assert.ok(last <= limit, `${of} grew to ${last}, beyond ${limit}`);
      }
    });
  }
});
